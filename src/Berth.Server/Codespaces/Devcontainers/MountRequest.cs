using System.Text.Json;
using System.Text.Json.Nodes;
using Berth.Server.Codespaces.Isolation;

namespace Berth.Server.Codespaces.Devcontainers;

/// <summary>
/// A mount as devcontainer.json, a feature or an image's label asks for it: an object, or a text in the grammar of <c>docker run
/// --mount</c>.
/// </summary>
/// <param name="Source">Null: none is named.</param>
/// <param name="Target">In its one spelling.</param>
internal sealed record MountRequest(string Type, string? Source, string Target, bool ReadOnly, string MemoryOptions)
{
    /// <summary>Null when it is no mount that can be had, whatever it asks for; <paramref name="fault"/> says why.</summary>
    public static MountRequest? TryParse(JsonNode? node, out string fault)
    {
        var options = node switch
        {
            JsonObject map => map.Select(entry => (entry.Key, DevcontainerConfiguration.TextOf(entry.Value) ?? "")),
            JsonValue text when text.GetValueKind() == JsonValueKind.String => text.GetValue<string>().Split(',').Select(Option),
            _ => [],
        };
        return Of(options, out fault);
    }

    /// <summary>A volume or a bind may be had in the words of <c>docker run --volume</c>: <c>SOURCE:TARGET[:ro]</c>.</summary>
    /// <inheritdoc cref="TryParse"/>
    public static MountRequest? TryParseVolume(string text, out string fault)
    {
        var parts = text.Split(':');
        (string, string)[] options = parts.Length switch
        {
            1 => [("target", parts[0])],
            2 or 3 =>
            [
                ("type", parts[0].StartsWith('/') || parts[0].StartsWith('.') || parts[0].StartsWith('~') ? "bind" : "volume"),
                ("source", parts[0]), ("target", parts[1]),
                ("readonly", parts.Length == 3 && parts[2].Split(',').Contains("ro") ? "true" : "false"),
            ],
            _ => [],
        };
        return Of(options, out fault);
    }

    /// <summary><c>PLACE[:OPTIONS]</c>, as <c>docker run --tmpfs</c> has it.</summary>
    /// <inheritdoc cref="TryParse"/>
    public static MountRequest? TryParseMemory(string text, out string fault)
    {
        var parts = text.Split(':', 2);
        var options = parts.Length == 1 ? [] : parts[1].Split(',').Select(Option);
        return Of([("type", "tmpfs"), ("target", parts[0]), .. options.Where(option => option.Key is not ("type" or "target"))], out fault);
    }

    private static MountRequest? Of(IEnumerable<(string Key, string Value)> options, out string fault)
    {
        var (type, source, target, readOnly) = ("volume", (string?)null, (string?)null, false);
        List<string> memory = [];
        foreach (var (key, value) in options)
        {
            switch (key.Trim().ToLowerInvariant())
            {
                case "type":
                    type = value.Trim().ToLowerInvariant();
                    break;
                case "source" or "src":
                    source = value.Trim();
                    break;
                case "target" or "dst" or "destination":
                    target = value.Trim();
                    break;
                case "readonly" or "ro":
                    readOnly = value is not ("false" or "0");
                    break;
                case "tmpfs-size" or "size" when ByteSizes.TryParse(value, out var bytes):
                    memory.Add($"size={bytes}");
                    break;
                case "tmpfs-mode" or "mode" when value.Length is > 0 and <= 5 && value.All(char.IsAsciiDigit):
                    memory.Add($"mode={value}");
                    break;
                case "exec" or "noexec":
                    memory.Add(key);
                    break;
            }
        }

        fault = target is null ? "it names no target" : $"'{target}' is no place in a container that something can be mounted at";
        return target is not null && MountTarget.Of(target) is { } place
            ? new MountRequest(type, source is "" ? null : source, place, readOnly, string.Join(',', memory))
            : null;
    }

    private static (string Key, string Value) Option(string text)
    {
        var parts = text.Trim().Trim('"').Split('=', 2);
        return (parts[0], parts.ElementAtOrDefault(1) ?? "");
    }

    /// <summary>It is docker inside that is wanted.</summary>
    public bool IsDocker => Source is not null && DockerSocket.IsSource(Source);

    /// <summary>What needs nothing of the repository: docker, a volume or memory. Null for another bind and for what is unknown.</summary>
    public PlannedMount? WithoutFiles() => Type switch
    {
        _ when IsDocker => DockerSocket.At(Target),
        "volume" => new PlannedMount(
            PlannedMountKind.Volume, Source is null ? VolumeNames.OfPlace(Target) : VolumeNames.Of(Source), Target, ReadOnly),
        "tmpfs" => new PlannedMount(PlannedMountKind.Memory, "", Target, ReadOnly) { MemoryOptions = MemoryOptions },
        _ => null,
    };
}
