using System.Text.Json;
using System.Text.Json.Nodes;
using Berth.Server.Codespaces.Isolation;
using Berth.Server.Json;

namespace Berth.Server.Codespaces.Devcontainers;

/// <summary>
/// The metadata of an image for containers made from it (containers.dev, "Image metadata"), without what no codespace gets, since whoever
/// pushed the image wrote it. A container carries the same label, with the contribution of devcontainer.json as the last entry.
/// </summary>
internal sealed record ImageMetadata(IReadOnlyList<JsonObject> Entries, IReadOnlyList<string> Withheld)
{
    /// <summary>The label in which images of dev containers carry the metadata.</summary>
    public const string Label = "devcontainer.metadata";

    /// <summary>The longest label that is read.</summary>
    private const int Longest = 1024 * 1024;

    /// <summary>Reads the label. A label that is not valid counts as empty.</summary>
    public static ImageMetadata Of(IReadOnlyDictionary<string, string> labels)
    {
        if (!labels.TryGetValue(Label, out var text) || text.Length > Longest)
        {
            return new([], []);
        }

        try
        {
            var node = OutsideJson.ParseNode(text, new JsonDocumentOptions { MaxDepth = 64, AllowDuplicateProperties = false });
            var entries = node is JsonArray list
                ? list.OfType<JsonObject>().Select(entry => entry.DeepClone().AsObject()).ToList()
                : node is JsonObject one ? [one] : [];
            return new(entries, [.. entries.SelectMany(Withhold).Distinct()]);
        }
        catch (OutsideJsonException)
        {
            return new([], []);
        }
    }

    public static string Write(IEnumerable<JsonObject> entries) =>
        new JsonArray([.. entries.Select(entry => (JsonNode?)entry.DeepClone())]).ToJsonString();

    /// <summary>Removes from an entry what it asks for and does not get. Returns a line for each removed thing.</summary>
    private static List<string> Withhold(JsonObject entry)
    {
        List<string> lines = [];
        var id = entry["id"]?.GetValueKind() == JsonValueKind.String ? entry["id"]!.GetValue<string>() : "";
        var docker = DockerForms.IsAskedBy(entry, id);
        if (docker && DockerForms.IsEntrypoint(entry["entrypoint"], id))
        {
            entry.Remove("entrypoint");
        }

        foreach (var (name, value) in entry.ToList())
        {
            var (kept, withheld) = Part(name, value);
            if (value is null)
            {
                entry.Remove(name);
                continue;
            }

            if (What(name, withheld) is not { } what)
            {
                continue;
            }

            entry.Remove(name);
            if (kept is not null)
            {
                entry[name] = kept;
            }

            lines.Add($"the label {Label} of the image asks for {what}, which a codespace does not get");
        }

        if (docker)
        {
            DockerForms.Add(entry);
        }

        return lines;
    }

    /// <summary>Splits a property's value into the part that is kept and the part that is withheld. Null: nothing.</summary>
    internal static (JsonNode? Kept, JsonNode? Withheld) Part(string name, JsonNode? value)
    {
        if (name is not ("capAdd" or "mounts") || value is not JsonArray list)
        {
            return (null, value);
        }

        var parts = list.ToLookup(
            item => name == "capAdd" ? Capabilities.IsGiven(TextOf(item)) : MountRequest.TryParse(item, out _)?.WithoutFiles() is not null,
            item => item?.DeepClone());
        return (ListOf(parts[true]), ListOf(parts[false]));

        static JsonArray? ListOf(IEnumerable<JsonNode?> items) => items.Any() ? [.. items] : null;
    }

    private static string? What(string name, JsonNode? value) => name switch
    {
        "privileged" => value?.GetValueKind() == JsonValueKind.True ? "privileged mode" : null,
        _ when value is null => null,
        "capAdd" => $"the capabilities {Shown(value)}",
        "securityOpt" => $"the security options {Shown(value)}",
        "mounts" => $"the mounts {Shown(value)}",
        "runArgs" => $"the arguments {Shown(value)}",
        _ => null,
    };

    private static string Shown(JsonNode? value)
    {
        var text = value is JsonArray list
            ? string.Join(", ", list.Select(TextOf))
            : TextOf(value);
        return ConfigurationMounts.Short(text);
    }

    private static string TextOf(JsonNode? value) =>
        value?.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : value?.ToJsonString() ?? "null";
}
