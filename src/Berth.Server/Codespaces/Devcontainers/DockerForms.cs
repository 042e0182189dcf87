using System.Text.Json;
using System.Text.Json.Nodes;
using Berth.Server.Codespaces.Isolation;

namespace Berth.Server.Codespaces.Devcontainers;

/// <summary>
/// The forms in which configurations, features and image labels ask for docker inside. Each is read as a mount of the socket of the
/// codespace's own engine. What the form would need from the host is left out.
/// </summary>
internal static class DockerForms
{
    /// <summary>
    /// Features that install docker's programs. Apart from that they start an engine that needs the host's rights, or mount the host's
    /// socket.
    /// </summary>
    private static readonly string[] Features =
        ["docker-in-docker", "docker-outside-of-docker", "docker-from-docker", "docker-outside-docker", "dind", "docker"];

    /// <summary>Recognises a feature by the last part of its name, whatever its registry, owner and version.</summary>
    public static bool IsFeature(string id) =>
        Features.Contains(id.Split('@')[0].TrimEnd('/').Split('/')[^1].Split(':')[0], StringComparer.OrdinalIgnoreCase);

    /// <summary>The value of <c>customizations.berth.docker</c>. Null: it is not set.</summary>
    public static bool? Said(JsonNode? customizations) =>
        ((customizations as JsonObject)?["berth"] as JsonObject)?["docker"]?.GetValueKind() switch
        {
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            _ => null,
        };

    /// <summary>
    /// True when a feature or an entry of a label asks for docker inside. Privileged mode counts too, since nearly everybody who asks for
    /// it wants to run an engine.
    /// </summary>
    public static bool IsAskedBy(JsonObject entry, string id) =>
        IsFeature(id) || IsPrivileged(entry) || Said(entry["customizations"]) == true
        || (entry["mounts"] as JsonArray ?? []).Any(mount => MountRequest.TryParse(mount, out _) is { IsDocker: true });

    public static bool IsPrivileged(JsonObject entry) => entry["privileged"]?.GetValueKind() == JsonValueKind.True;

    /// <summary>True for an entrypoint that starts an engine inside, which would fail, or that passes on a socket of the host.</summary>
    public static bool IsEntrypoint(JsonNode? entrypoint, string id) =>
        IsFeature(id) || (entrypoint?.GetValueKind() == JsonValueKind.String
            && entrypoint.GetValue<string>().Contains("docker-init", StringComparison.Ordinal));

    /// <summary>Adds docker inside to an entry, in the one form that is read later.</summary>
    public static void Add(JsonObject entry)
    {
        if (entry["mounts"] is not JsonArray mounts)
        {
            entry["mounts"] = mounts = [];
        }

        if (!mounts.Any(mount => MountRequest.TryParse(mount, out _) is { IsDocker: true, Target: DockerSocket.Place }))
        {
            mounts.Add((JsonNode?)$"source={DockerSocket.Place},target={DockerSocket.Place},type=bind");
        }
    }
}
