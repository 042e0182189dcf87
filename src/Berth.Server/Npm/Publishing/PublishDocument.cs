using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Berth.Server.Access;
using Berth.Server.Faults;
using Berth.Server.Http;
using Berth.Server.Json;

namespace Berth.Server.Npm.Publishing;

/// <summary>
/// The document that npm sends to publish a version or, without a tarball, to change what exists. It is the whole packument that the client
/// wants. It is parsed once, strictly. The code that uses it checks its names, numbers and checksums.
/// </summary>
internal sealed class PublishDocument : IDisposable
{
    public const int MostBytes = 8 << 20;
    private const int MostTags = 1000;

    private static readonly JsonDocumentOptions Parsing = new() { MaxDepth = NpmGrammar.Deepest, AllowDuplicateProperties = false };
    private readonly JsonDocument _json;

    private PublishDocument(JsonDocument json) => _json = json;

    private JsonElement Root => _json.RootElement;

    /// <summary>The <c>_rev</c> of the client's copy.</summary>
    public string? Revision => Root.TextOf("_rev");

    /// <summary><c>public</c>, <c>restricted</c>, or null: the server decides.</summary>
    public string? Access => Root.TextOf("access");

    public required IReadOnlyDictionary<string, string> Tags { get; init; }

    public required IReadOnlyDictionary<string, JsonElement> Versions { get; init; }

    public JsonElement Attachments => Root.ObjectOf("_attachments");

    /// <summary>The readme of the whole package. A version may have one of its own.</summary>
    public string? Readme => Root.TextOf("readme");

    /// <exception cref="ApiException">400, with what is wrong.</exception>
    public static PublishDocument Parse(ReadOnlyMemory<byte> content, PackageAddress address)
    {
        JsonDocument? json = null;
        try
        {
            json = OutsideJson.Parse(content, Parsing);
            var root = json.RootElement;
            Demand(root.ValueKind == JsonValueKind.Object, "the document is not a JSON object");
            foreach (var member in new[] { "name", "_id" })
            {
                Demand(
                    root.TextOf(member) is not { } name || (NpmNames.TryParse(name, out var named) && named == address),
                    $"the document's {member} is not {address}, to which it was sent");
            }

            return new PublishDocument(json) { Tags = ReadTags(root), Versions = ReadVersions(root, address) };
        }
        catch (OutsideJsonException exception)
        {
            json?.Dispose();
            throw new ApiException(NpmErrors.Bad($"the document is not JSON: {exception.Message}"));
        }
        catch
        {
            json?.Dispose();
            throw;
        }
    }

    public void Dispose() => _json.Dispose();

    private static Dictionary<string, string> ReadTags(JsonElement root)
    {
        var tags = new Dictionary<string, string>(StringComparer.Ordinal);
        if (!root.TryGetProperty("dist-tags", out var list))
        {
            return tags;
        }

        Demand(list.ValueKind == JsonValueKind.Object, "dist-tags is not an object");
        foreach (var tag in list.EnumerateObject())
        {
            Demand(tags.Count < MostTags, $"there are more than {MostTags} dist-tags");
            var fault = NpmGrammar.FaultOfTag(tag.Name);
            Demand(fault is null, fault);
            Demand(
                tag.Value.ValueKind == JsonValueKind.String && NpmGrammar.IsVersion(tag.Value.GetString()!, out _),
                $"the dist-tag {tag.Name} is not on a version");
            tags[tag.Name] = tag.Value.GetString()!;
        }

        return tags;
    }

    private static Dictionary<string, JsonElement> ReadVersions(JsonElement root, PackageAddress address)
    {
        var versions = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        if (!root.TryGetProperty("versions", out var list))
        {
            return versions;
        }

        Demand(list.ValueKind == JsonValueKind.Object, "versions is not an object");
        foreach (var version in list.EnumerateObject())
        {
            Demand(
                NpmGrammar.IsVersion(version.Name, out _),
                $"{Shown.Quoted(version.Name)} is not a semantic version (semver.org), without build metadata");
            Demand(version.Value.ValueKind == JsonValueKind.Object, $"versions[\"{version.Name}\"] is not an object");
            Demand(
                version.Value.TextOf("version") == version.Name,
                $"versions[\"{version.Name}\"] says that it is version {Shown.Quoted(version.Value.TextOf("version"))}");
            Demand(
                version.Value.TextOf("name") is { } name && NpmNames.TryParse(name, out var named) && named == address,
                $"versions[\"{version.Name}\"] says that it is {Shown.Quoted(version.Value.TextOf("name"))}, not {address}");
            versions[version.Name] = version.Value;
        }

        return versions;
    }

    private static void Demand([DoesNotReturnIf(false)] bool holds, string? otherwise)
    {
        if (!holds)
        {
            throw new ApiException(NpmErrors.Bad(otherwise!));
        }
    }
}
