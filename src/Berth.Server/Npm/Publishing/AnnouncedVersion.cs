using System.Text.Json;
using Berth.Server.Access;
using Berth.Server.Http;
using Berth.Server.Json;
using Berth.Server.Npm.Documents;

namespace Berth.Server.Npm.Publishing;

/// <summary>The single version that a publish request is about. Its checksums are compared with the bytes that arrived.</summary>
internal sealed class AnnouncedVersion
{
    private const int MostReadme = 64 * 1024;
    private const int MostDependencies = 5000;
    private const int MostWords = 2000;
    private static readonly string[] DependencyMembers = ["dependencies", "optionalDependencies", "peerDependencies"];

    /// <summary>Members that the packument computes itself, or that are stored elsewhere.</summary>
    private static readonly string[] NotKept = ["dist", "readme", "deprecated", "_attachments", "_npmUser", "hasInstallScript"];

    private AnnouncedVersion(string version, JsonElement manifest) => (Version, Manifest) = (version, manifest);

    public string Version { get; }

    public JsonElement Manifest { get; }

    /// <summary>The repositories that the manifest says it comes from.</summary>
    public IReadOnlyList<string> Sources =>
        (Manifest.TextOf("repository") ?? Manifest.ObjectOf("repository").TextOf("url")) is { Length: > 0 } source ? [source] : [];

    /// <exception cref="ApiException">400: there is not exactly one version, or the bytes differ.</exception>
    public static AnnouncedVersion Of(PublishDocument document, ReceivedTarball tarball, PackageAddress address)
    {
        if (document.Versions.Count != 1)
        {
            throw Refused($"a tarball is published with the one version that it is, not with {document.Versions.Count}");
        }

        if (tarball.Size == 0)
        {
            throw Refused("the tarball has no bytes and cannot be unpacked");
        }

        var (version, manifest) = document.Versions.First();
        var file = tarball.FileName;
        if (file != $"{address}-{version}.tgz" && file != NpmUrls.FileName(address, version)
            && !file.EndsWith($"/{NpmUrls.FileName(address, version)}", StringComparison.Ordinal))
        {
            throw Refused($"the tarball of {address} {version} is called {address}-{version}.tgz");
        }

        var attachment = document.Attachments.ObjectOf(file);
        if (attachment.ValueKind == JsonValueKind.Object && attachment.TryGetProperty("length", out var length)
            && (length.ValueKind != JsonValueKind.Number || !length.TryGetInt64(out var bytes) || bytes != tarball.Size))
        {
            throw Refused($"the tarball has {tarball.Size} bytes, and the document says another length");
        }

        CheckSums(manifest.ObjectOf("dist"), tarball);
        return new AnnouncedVersion(version, manifest);
    }

    public NewNpmVersion ToStore(PublishDocument document, ReceivedTarball tarball, TarballContents contents, string? publisher) => new()
    {
        Version = Version,
        Shasum = tarball.Shasum,
        Integrity = tarball.Integrity,
        Size = tarball.Size,
        UnpackedSize = contents.UnpackedSize,
        FileCount = contents.FileCount,
        Publisher = publisher,
        Manifest = Kept(),
        Deprecated = Manifest.TextOf("deprecated") is { Length: > 0 } why ? why : null,
        Readme = (Manifest.TextOf("readme") ?? document.Readme) is { Length: > 0 } readme ? Cut(readme, MostReadme) : null,
        Bundles = Attestations.Of(document.Attachments),
        Words = Words(),
        Dependencies = Dependencies(),
    };

    private static void CheckSums(JsonElement dist, ReceivedTarball tarball)
    {
        var (integrity, shasum) = (dist.TextOf("integrity"), dist.TextOf("shasum"));
        if (integrity is null && shasum is null)
        {
            throw Refused("the document has no sum of the tarball: dist.integrity, or dist.shasum");
        }

        // There may be several checksums. A reader uses the strongest that it knows (Subresource Integrity, section 3.3.4).
        var strongest = integrity?.Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .FirstOrDefault(sum => sum.StartsWith("sha512-", StringComparison.Ordinal))?.Split('?')[0];
        if (integrity is not null && strongest != tarball.Integrity)
        {
            throw Refused($"the tarball that came is {tarball.Integrity}, and dist.integrity says another sum");
        }

        if (shasum is not null && !shasum.Equals(tarball.Shasum, StringComparison.OrdinalIgnoreCase))
        {
            throw Refused($"the tarball that came has the SHA-1 {tarball.Shasum}, and dist.shasum says another");
        }
    }

    private string Kept()
    {
        using var target = new MemoryStream();
        using (var json = new Utf8JsonWriter(target, BodyJson.Writing))
        {
            json.WriteStartObject();
            foreach (var member in Manifest.EnumerateObject().Where(member => !NotKept.Contains(member.Name, StringComparer.Ordinal)))
            {
                member.WriteTo(json);
            }

            json.WriteEndObject();
        }

        return System.Text.Encoding.UTF8.GetString(target.GetBuffer(), 0, (int)target.Length);
    }

    /// <summary>The dependencies that could be packages of this server.</summary>
    private Dictionary<string, string> Dependencies()
    {
        var found = new Dictionary<string, string>(StringComparer.Ordinal);
        var lists = DependencyMembers.Select(member => Manifest.ObjectOf(member));
        foreach (var list in lists.Where(list => list.ValueKind == JsonValueKind.Object))
        {
            foreach (var dependency in list.EnumerateObject())
            {
                if (found.Count < MostDependencies && dependency.Value.ValueKind == JsonValueKind.String
                    && Behind(dependency.Name, dependency.Value.GetString()!) is var (name, range)
                    && NpmNames.TryParse(name, out var address))
                {
                    found.TryAdd(address.ToString(), range);
                }
            }
        }

        return found;
    }

    /// <summary>A package may be a dependency under another name: <c>"mine": "npm:@acme/lib@^1.0.0"</c>.</summary>
    private static (string Name, string Range) Behind(string name, string range)
    {
        const string Alias = "npm:";
        if (!range.StartsWith(Alias, StringComparison.Ordinal))
        {
            return (name, range);
        }

        var target = range[Alias.Length..];
        return target.LastIndexOf('@') is > 0 and var at ? (target[..at], target[(at + 1)..]) : (target, "*");
    }

    private string Words()
    {
        var keywords = Manifest.ListOf("keywords").Where(keyword => keyword.ValueKind == JsonValueKind.String)
            .Select(keyword => keyword.GetString()!);
        return Cut(string.Join(' ', keywords.Prepend(Manifest.TextOf("description") ?? "")).Trim().ToLowerInvariant(), MostWords);
    }

    /// <summary>Cuts a text, but never in the middle of a character.</summary>
    private static string Cut(string text, int most) =>
        text.Length <= most ? text : text[..(char.IsHighSurrogate(text[most - 1]) ? most - 1 : most)];

    private static ApiException Refused(string why) => new(NpmErrors.Bad(why));
}
