using System.Text.Json;
using System.Text.Json.Nodes;
using Berth.Server.Access;
using Berth.Server.Database;
using Berth.Server.Http;
using static Berth.Server.Webhooks.Events.PayloadJson;

namespace Berth.Server.Webhooks.Events;

/// <summary>What hooks are told about an npm version besides what every version has.</summary>
/// <param name="Reference"><c>@owner/name@1.2.3</c>.</param>
/// <param name="Url">The URL of the tarball.</param>
internal sealed record NpmVersionPayload(
    string Reference, string Url, string Description, string Readme, JsonObject Metadata, JsonArray Files);

/// <summary>Reads an npm version as GitHub's <c>npm_metadata</c>, with the dist-tags of the change.</summary>
internal sealed class NpmPayload(AddressOptions address)
{
    private const int Deepest = 64;

    /// <summary>The depth limit of a member. npm knows no deeper members, and receivers refuse documents of more than 64 levels.</summary>
    private const int MostLevels = 16;

    /// <summary>Members of <c>package.json</c> that are sent unchanged, under GitHub's names.</summary>
    private static readonly (string Told, string Member, bool IsList)[] Members =
    [
        ("author", "author", false), ("bugs", "bugs", false), ("dependencies", "dependencies", false),
        ("dev_dependencies", "devDependencies", false), ("peer_dependencies", "peerDependencies", false),
        ("optional_dependencies", "optionalDependencies", false), ("repository", "repository", false), ("scripts", "scripts", false),
        ("engines", "engines", false), ("bin", "bin", false), ("man", "man", false), ("directories", "directories", false),
        ("keywords", "keywords", true), ("files", "files", true), ("os", "os", true), ("cpu", "cpu", true),
        ("maintainers", "maintainers", true), ("contributors", "contributors", true),
    ];

    private static readonly (string Told, string Member)[] Texts =
    [
        ("description", "description"), ("git_head", "gitHead"), ("homepage", "homepage"), ("license", "license"), ("main", "main"),
        ("node_version", "_nodeVersion"), ("npm_version", "_npmVersion"),
    ];

    public static string Install(string reference) => $"npm install {reference}";

    public async Task<NpmVersionPayload> ReadAsync(DbSession session, PackageHappening happening)
    {
        var at = happening.At;
        var row = await session.FirstOrDefaultAsync<NpmRow>(
            """
            select n.shasum, n.integrity, n.size, n.unpacked_size, n.file_count, n.publisher, n.deprecated, n.manifest, n.readme,
                   v.created_by, v.commit_id, v.created_at, v.updated_at
            from npm_versions n join package_versions v on v.id = n.version_id where n.version_id = @VersionId
            """,
            new { at.VersionId });
        using var manifest = row is null ? null : JsonDocument.Parse(row.Manifest, new JsonDocumentOptions { MaxDepth = Deepest });
        var name = new PackageAddress(at.Owner.ToLowerInvariant(), at.Type, at.Name).ToString();
        var reference = $"{name}@{at.Version}";
        var url = $"{address.NpmUrl}/{name}/-/{at.Name}-{at.Version}.tgz";
        return new NpmVersionPayload(
            reference, url, Text(manifest?.RootElement, "description"), row?.Readme ?? "",
            Metadata(happening, row, manifest?.RootElement, (name, reference, url)), row is null ? [] : [File(at, row, url)]);
    }

    private static JsonObject Metadata(
        PackageHappening happening, NpmRow? row, JsonElement? manifest, (string Name, string Reference, string Url) of)
    {
        var told = new JsonObject
        {
            ["id"] = of.Reference,
            ["name"] = of.Name,
            ["version"] = happening.At.Version,
            ["dist_tags"] = new JsonArray([.. happening.Tags.Select(tag => (JsonNode)tag)]),
            ["npm_user"] = row?.Publisher ?? "",
            ["deprecated"] = row?.Deprecated,
            ["dist"] = row is null ? null : new JsonObject
            {
                ["integrity"] = row.Integrity,
                ["shasum"] = row.Shasum,
                ["tarball"] = of.Url,
                ["fileCount"] = row.FileCount,
                ["unpackedSize"] = row.UnpackedSize,
            },
        };
        foreach (var (name, member) in Texts)
        {
            told[name] = Text(manifest, member);
        }

        foreach (var (name, member, isList) in Members)
        {
            told[name] = Property(manifest, member) is { } value && IsShallow(value, MostLevels) ? JsonNode.Parse(value.GetRawText())
                : isList ? new JsonArray() : new JsonObject();
        }

        told["has_shrinkwrap"] = Property(manifest, "_hasShrinkwrap") is { ValueKind: JsonValueKind.True };
        told["readme"] = row?.Readme ?? "";
        told["installation_command"] = Install(of.Reference);
        told["release_id"] = null;
        told["commit_oid"] = row?.CommitId ?? "";
        told["published_via_actions"] = row?.CreatedBy?.StartsWith("workflow:", StringComparison.Ordinal) ?? false;
        told["deleted_by_id"] = null;
        return told;
    }

    private static JsonObject File(EventRow at, NpmRow row, string url) => new()
    {
        ["id"] = at.VersionId,
        ["name"] = $"{at.Name}-{at.Version}.tgz",
        ["download_url"] = url,
        ["content_type"] = "application/octet-stream",
        ["state"] = "uploaded",
        ["size"] = row.Size,
        ["sha1"] = row.Shasum,
        ["sha256"] = null,
        ["md5"] = null,
        ["created_at"] = HookPayload.Time(row.CreatedAt),
        ["updated_at"] = HookPayload.Time(row.UpdatedAt),
    };

    private static bool IsShallow(JsonElement value, int levels) => levels > 0 && value.ValueKind switch
    {
        JsonValueKind.Object => value.EnumerateObject().All(member => IsShallow(member.Value, levels - 1)),
        JsonValueKind.Array => value.EnumerateArray().All(item => IsShallow(item, levels - 1)),
        _ => true,
    };

    private sealed record NpmRow
    {
        public string Shasum { get; init; } = "";

        public string Integrity { get; init; } = "";

        public long Size { get; init; }

        public long UnpackedSize { get; init; }

        public long FileCount { get; init; }

        public string? Publisher { get; init; }

        public string? Deprecated { get; init; }

        public string Manifest { get; init; } = "";

        public string? Readme { get; init; }

        public string? CreatedBy { get; init; }

        public string? CommitId { get; init; }

        public DateTimeOffset CreatedAt { get; init; }

        public DateTimeOffset UpdatedAt { get; init; }
    }
}
