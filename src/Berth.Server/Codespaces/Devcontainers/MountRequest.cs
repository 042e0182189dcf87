using System.Text.Json;
using System.Text.Json.Nodes;
using Berth.Server.Codespaces.Isolation;

namespace Berth.Server.Codespaces.Devcontainers;

/// <summary>
/// A mount that devcontainer.json, a feature or an image's label asks for. It is an object, or a text in the grammar of <c>docker run
/// --mount</c>.
/// </summary>
/// <param name="Source">Null: no source is named.</param>
/// <param name="Target">The path in its only spelling.</param>
internal sealed record MountRequest(string Type, string? Source, string Target, bool ReadOnly, string MemoryOptions)
{
    /// <summary>Parses a mount. Null when it is not valid, and <paramref name="fault"/> says why.</summary>
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

    /// <summary>Parses a volume or a bind in the form of <c>docker run --volume</c>: <c>SOURCE:TARGET[:ro]</c>.</summary>
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

    /// <summary>Parses <c>PLACE[:OPTIONS]</c>, the form of <c>docker run --tmpfs</c>.</summary>
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

    /// <summary>The mount asks for docker inside.</summary>
    public bool IsDocker => Source is not null && DockerSocket.IsSource(Source);

    /// <summary>
    /// The planned mount, if it needs no file of the repository: docker, a volume or memory. Null for other binds and for unknown types.
    /// </summary>
    public PlannedMount? WithoutFiles() => Type switch
    {
        _ when IsDocker => DockerSocket.At(Target),
        "volume" => new PlannedMount(
            PlannedMountKind.Volume, Source is null ? VolumeNames.OfPlace(Target) : VolumeNames.Of(Source), Target, ReadOnly),
        "tmpfs" => new PlannedMount(PlannedMountKind.Memory, "", Target, ReadOnly) { MemoryOptions = MemoryOptions },
        _ => null,
    };
}
