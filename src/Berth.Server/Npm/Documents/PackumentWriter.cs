using System.Text.Json;
using Berth.Server.Access;
using Berth.Server.Json;
using Semver;

namespace Berth.Server.Npm.Documents;

/// <summary>Everything that a packument consists of, read at one moment.</summary>
internal sealed record PackageContents
{
    public required PackageAddress Address { get; init; }

    /// <summary>The owner's login in its own spelling.</summary>
    public required string Owner { get; init; }

    public required long Revision { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public required DateTimeOffset ModifiedAt { get; init; }

    public required IReadOnlyList<NpmVersionRow> Versions { get; init; }

    public required IReadOnlyDictionary<string, string> Tags { get; init; }

    /// <summary>The readme of the version that <c>latest</c> is on.</summary>
    public string? Readme { get; init; }
}

/// <summary>
/// Writes packuments in both forms: the full one, and <c>application/vnd.npm.install-v1+json</c>, which has what an installation needs
/// (npm/registry, docs/responses/package-metadata.md).
/// </summary>
internal static class PackumentWriter
{
    private static readonly string[] Abbreviated =
    [
        "name", "version", "dependencies", "optionalDependencies", "devDependencies", "bundleDependencies", "bundledDependencies",
        "peerDependencies", "peerDependenciesMeta", "acceptDependencies", "bin", "directories", "engines", "cpu", "os", "libc", "funding",
        "_hasShrinkwrap",
    ];

    /// <summary>The members that the full document copies from the latest version.</summary>
    private static readonly string[] OfLatest =
    [
        "description", "homepage", "keywords", "repository", "author", "contributors", "bugs", "license", "readmeFilename",
    ];

    private static readonly string[] InstallScripts = ["preinstall", "install", "postinstall"];

    /// <summary>Writes both at once, so that each manifest is parsed only once.</summary>
    public static void Write(Stream abbreviated, Stream whole, PackageContents contents, NpmUrls urls)
    {
        using var brief = new Utf8JsonWriter(abbreviated, BodyJson.Writing);
        using var full = new Utf8JsonWriter(whole, BodyJson.Writing);
        full.WriteStartObject();
        full.WriteString("_id", contents.Address.ToString());
        full.WriteString("_rev", Packuments.Revision(contents.Revision));
        brief.WriteStartObject();
        List<NpmVersionRow> versions = [.. Ordered(contents.Versions)];
        Begin(brief, contents);
        Begin(full, contents);
        foreach (var version in versions)
        {
            using var manifest = Parse(version);
            brief.WritePropertyName(version.Version);
            WriteVersion(brief, contents.Address, version, manifest.RootElement, urls, whole: false);
            brief.Flush();
            full.WritePropertyName(version.Version);
            WriteVersion(full, contents.Address, version, manifest.RootElement, urls, whole: true);
            full.Flush();
        }

        brief.WriteEndObject();
        brief.WriteString("modified", contents.ModifiedAt.UtcDateTime);
        brief.WriteEndObject();
        full.WriteEndObject();
        WriteWhole(full, contents, versions);
        full.WriteEndObject();
    }

    /// <summary>Writes one version in the form of the full document.</summary>
    public static void WriteVersion(Utf8JsonWriter json, PackageAddress address, NpmVersionRow version, NpmUrls urls)
    {
        using var manifest = Parse(version);
        WriteVersion(json, address, version, manifest.RootElement, urls, whole: true);
    }

    private static JsonDocument Parse(NpmVersionRow version) =>
        JsonDocument.Parse(version.Manifest, new JsonDocumentOptions { MaxDepth = NpmGrammar.Deepest });

    /// <summary>Writes what precedes the versions.</summary>
    private static void Begin(Utf8JsonWriter json, PackageContents contents)
    {
        json.WriteString("name", contents.Address.ToString());
        WriteTags(json, contents.Tags);
        json.WriteStartObject("versions");
    }

    private static void WriteVersion(
        Utf8JsonWriter json, PackageAddress address, NpmVersionRow version, JsonElement manifest, NpmUrls urls, bool whole)
    {
        json.WriteStartObject();
        if (whole)
        {
            foreach (var member in manifest.EnumerateObject())
            {
                member.WriteTo(json);
            }

            if (version.Publisher is { } publisher)
            {
                json.WriteStartObject("_npmUser");
                json.WriteString("name", publisher);
                json.WriteString("email", "");
                json.WriteEndObject();
            }
        }
        else
        {
            foreach (var name in Abbreviated)
            {
                if (manifest.TryGetProperty(name, out var value))
                {
                    json.WritePropertyName(name);
                    value.WriteTo(json);
                }
            }
        }

        if (HasInstallScript(manifest))
        {
            json.WriteBoolean("hasInstallScript", true);
        }

        if (version.Deprecated is { } why)
        {
            json.WriteString("deprecated", why);
        }

        WriteDist(json, address, version, urls);
        json.WriteEndObject();
    }

    /// <summary>Orders versions by precedence, which people expect.</summary>
    private static IEnumerable<NpmVersionRow> Ordered(IEnumerable<NpmVersionRow> versions) =>
        versions.OrderBy(row => NpmGrammar.Parse(row.Version), SemVersion.SortOrderComparer);

    private static void WriteTags(Utf8JsonWriter json, IReadOnlyDictionary<string, string> tags)
    {
        json.WriteStartObject("dist-tags");
        foreach (var (tag, version) in tags.OrderBy(tag => tag.Key, StringComparer.Ordinal))
        {
            json.WriteString(tag, version);
        }

        json.WriteEndObject();
    }

    private static void WriteDist(Utf8JsonWriter json, PackageAddress address, NpmVersionRow version, NpmUrls urls)
    {
        json.WriteStartObject("dist");
        json.WriteString("integrity", version.Integrity);
        json.WriteString("shasum", version.Shasum);
        json.WriteString("tarball", urls.Tarball(address, version.Version));
        json.WriteNumber("fileCount", version.FileCount);
        json.WriteNumber("unpackedSize", version.UnpackedSize);
        if (version.HasBundles)
        {
            json.WriteStartObject("attestations");
            json.WriteString("url", urls.Attestations(address, version.Version));
            json.WriteStartObject("provenance");
            json.WriteString("predicateType", "https://slsa.dev/provenance/v1");
            json.WriteEndObject();
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    private static void WriteWhole(Utf8JsonWriter json, PackageContents contents, List<NpmVersionRow> versions)
    {
        json.WriteStartObject("time");
        json.WriteString("created", contents.CreatedAt.UtcDateTime);
        json.WriteString("modified", contents.ModifiedAt.UtcDateTime);
        foreach (var version in versions)
        {
            json.WriteString(version.Version, version.CreatedAt.UtcDateTime);
        }

        json.WriteEndObject();
        json.WriteStartArray("maintainers");
        json.WriteStartObject();
        json.WriteString("name", contents.Owner);
        json.WriteString("email", "");
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteString("readme", contents.Readme ?? "");
        if (contents.Tags.TryGetValue(DistTags.Latest, out var latest) && versions.Find(version => version.Version == latest) is { } row)
        {
            using var manifest = Parse(row);
            foreach (var name in OfLatest)
            {
                if (manifest.RootElement.TryGetProperty(name, out var value))
                {
                    json.WritePropertyName(name);
                    value.WriteTo(json);
                }
            }
        }
    }

    /// <summary>npm blocks such scripts until they are allowed, and finds out about them by this member.</summary>
    private static bool HasInstallScript(JsonElement manifest) =>
        manifest.TryGetProperty("scripts", out var scripts) && scripts.ValueKind == JsonValueKind.Object
            && InstallScripts.Any(name => scripts.TryGetProperty(name, out _));
}
