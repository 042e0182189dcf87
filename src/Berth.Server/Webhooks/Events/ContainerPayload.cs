using System.Text.Json;
using System.Text.Json.Nodes;
using Berth.Server.Database;
using static Berth.Server.Webhooks.Events.PayloadJson;

namespace Berth.Server.Webhooks.Events;

/// <summary>A version of a container package as GitHub's <c>container_metadata</c>, with all tags of the push.</summary>
internal static class ContainerPayload
{
    private const string Source = "org.opencontainers.image.";

    public static async Task<JsonObject> ReadAsync(DbSession session, PackageHappening happening, string tag)
    {
        var version = happening.At.Version;
        var row = await session.FirstOrDefaultAsync<ManifestRow>(
            """
            select m.media_type, m.size, c.content from manifests m left join manifest_contents c on c.version_id = m.version_id
            where m.version_id = @VersionId
            """,
            new { happening.At.VersionId });
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
            // The manifest was accepted when it was pushed, so the payload goes without this part.
            return null;
        }
    }

    private sealed record ManifestRow
    {
        public string? MediaType { get; init; }

        public long? Size { get; init; }

        public byte[]? Content { get; init; }
    }
}
