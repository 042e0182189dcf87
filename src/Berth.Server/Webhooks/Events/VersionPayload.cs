using System.Text.Json;
using System.Text.Json.Nodes;
using Berth.Server.Database;
using Berth.Server.Http;

namespace Berth.Server.Webhooks.Events;

/// <summary>The version that a happening is about, in GitHub's shape; what was deleted for good is told by its name.</summary>
internal sealed class VersionPayload(AddressOptions address)
{
    private const string Source = "org.opencontainers.image.";

    public async Task<JsonObject> ReadAsync(DbSession session, PackageHappening happening, string packageUrl)
    {
        var at = happening.At;
        var row = await session.FirstOrDefaultAsync<VersionRow>(
            """
            select v.created_at, v.updated_at, m.media_type, m.size, c.content from package_versions v
            left join manifests m on m.version_id = v.id left join manifest_contents c on c.version_id = v.id where v.id = @VersionId
            """,
            new { at.VersionId });
        var tag = happening.Tags.Count > 0 ? happening.Tags[0] : "";
        var place = $"{address.RegistryHost}/{at.Owner}/{at.Name}".ToLowerInvariant();
        var reference = tag.Length > 0 ? $"{place}:{tag}" : $"{place}@{at.Version}";
        return new JsonObject
        {
            ["id"] = at.VersionId,
            ["version"] = at.Version,
            ["name"] = at.Version,
            ["summary"] = "",
            ["description"] = "",
            ["body"] = "",
            ["manifest"] = "",
            ["html_url"] = $"{packageUrl}/{at.VersionId}",
            ["package_url"] = reference,
            ["created_at"] = row is null ? null : HookPayload.Time(row.CreatedAt),
            ["updated_at"] = row is null ? null : HookPayload.Time(row.UpdatedAt),
            ["metadata"] = new JsonArray(),
            ["container_metadata"] = Container(happening, row, tag),
            ["docker_metadata"] = new JsonArray(),
            ["package_files"] = new JsonArray(),
            ["installation_command"] = $"docker pull {reference}",
        };
    }

    private static JsonObject Container(PackageHappening happening, VersionRow? row, string tag)
    {
        var version = happening.At.Version;
        using var manifest = Parse(row?.Content);
        var annotations = Property(manifest?.RootElement, "annotations");
        string Label(string name) => Text(annotations, Source + name);
        return new JsonObject
        {
            ["tag"] = new JsonObject { ["name"] = tag, ["digest"] = version },
            ["tags"] = new JsonArray([.. happening.Tags.Select(name => (JsonNode)name)]),
            ["labels"] = new JsonObject
            {
                ["description"] = Label("description"),
                ["source"] = Label("source"),
                ["revision"] = Label("revision"),
                ["image_url"] = Label("url"),
                ["licenses"] = Label("licenses"),
                ["all_labels"] = annotations is { } all ? JsonNode.Parse(all.GetRawText()) : new JsonObject(),
            },
            ["manifest"] = new JsonObject
            {
                ["digest"] = version,
                ["media_type"] = row?.MediaType,
                ["uri"] = $"repositories/{happening.At.Owner}/{happening.At.Name}/manifests/{version}",
                ["size"] = row?.Size,
                ["config"] = Property(manifest?.RootElement, "config") is { } config ? Descriptor(config) : null,
                ["layers"] = Descriptors(Property(manifest?.RootElement, "layers")),
                ["manifests"] = Descriptors(Property(manifest?.RootElement, "manifests")),
            },
        };
    }

    private static JsonArray Descriptors(JsonElement? list) =>
        list is { ValueKind: JsonValueKind.Array } ? new JsonArray([.. list.Value.EnumerateArray().Select(Descriptor)]) : [];

    private static JsonNode Descriptor(JsonElement one)
    {
        var descriptor = new JsonObject
        {
            ["digest"] = Text(one, "digest"),
            ["media_type"] = Text(one, "mediaType"),
            ["size"] = Property(one, "size") is { ValueKind: JsonValueKind.Number } size && size.TryGetInt64(out var bytes) ? bytes : null,
        };
        if (Property(one, "platform") is { ValueKind: JsonValueKind.Object } platform)
        {
            descriptor["platform"] = JsonNode.Parse(platform.GetRawText());
        }

        return descriptor;
    }

    private static JsonDocument? Parse(byte[]? content)
    {
        try
        {
            return content is null ? null : JsonDocument.Parse(content);
        }
        catch (JsonException)
        {
            // It was let in once; whoever pushed it knows what it says.
            return null;
        }
    }

    private static JsonElement? Property(JsonElement? element, string name) =>
        element is { ValueKind: JsonValueKind.Object } && element.Value.TryGetProperty(name, out var value) ? value : null;

    private static string Text(JsonElement? element, string name) =>
        Property(element, name) is { ValueKind: JsonValueKind.String } text ? text.GetString()! : "";

    private sealed record VersionRow
    {
        public DateTimeOffset CreatedAt { get; init; }

        public DateTimeOffset UpdatedAt { get; init; }

        public string? MediaType { get; init; }

        public long? Size { get; init; }

        public byte[]? Content { get; init; }
    }
}
