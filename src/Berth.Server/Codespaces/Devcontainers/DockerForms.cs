using System.Text.Json;
using System.Text.Json.Nodes;
using Berth.Server.Codespaces.Isolation;

namespace Berth.Server.Codespaces.Devcontainers;

/// <summary>
/// In which forms configurations, features and labels of images ask for docker inside. Whatever the form, it is read as a mount of the
/// socket of the codespace's own engine, and what the form would need of the host is left out.
/// </summary>
internal static class DockerForms
{
    /// <summary>They install docker's programs; what else they do is start an engine that needs the host, or mount the host's.</summary>
    private static readonly string[] Features =
        ["docker-in-docker", "docker-outside-of-docker", "docker-from-docker", "docker-outside-docker", "dind", "docker"];

    /// <summary>By its last name, whatever the registry, the owner and the version.</summary>
    public static bool IsFeature(string id) =>
        Features.Contains(id.Split('@')[0].TrimEnd('/').Split('/')[^1].Split(':')[0], StringComparer.OrdinalIgnoreCase);

    /// <summary>What <c>customizations.berth.docker</c> says; null: nothing.</summary>
    public static bool? Said(JsonNode? customizations) =>
        ((customizations as JsonObject)?["berth"] as JsonObject)?["docker"]?.GetValueKind() switch
        {
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            _ => null,
        };

    /// <summary>
    /// Whether a feature or an entry of a label wants it. Privileged mode is asked for to run an engine, in nearly every one there is.
    /// </summary>
    public static bool IsAskedBy(JsonObject entry, string id) =>
        IsFeature(id) || IsPrivileged(entry) || Said(entry["customizations"]) == true
        || (entry["mounts"] as JsonArray ?? []).Any(mount => MountRequest.TryParse(mount, out _) is { IsDocker: true });

    public static bool IsPrivileged(JsonObject entry) => entry["privileged"]?.GetValueKind() == JsonValueKind.True;

    /// <summary>One that starts an engine inside, which would fail, or that passes on a socket of the host's.</summary>
    public static bool IsEntrypoint(JsonNode? entrypoint, string id) =>
        IsFeature(id) || (entrypoint?.GetValueKind() == JsonValueKind.String
            && entrypoint.GetValue<string>().Contains("docker-init", StringComparison.Ordinal));

    /// <summary>Says in an entry, in the one form that is read later, that docker inside is wanted.</summary>
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
