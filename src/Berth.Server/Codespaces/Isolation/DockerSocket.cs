namespace Berth.Server.Codespaces.Isolation;

/// <summary>
/// The socket with which a container reaches the codespace's own engine (docker inside). Configurations that mount the host's engine socket
/// get this one, since a codespace has no other.
/// </summary>
internal static class DockerSocket
{
    /// <summary>The path at which programs look for the socket.</summary>
    public const string Place = "/var/run/docker.sock";

    /// <summary>The names of the sockets of docker, Docker Desktop and podman, in any folder.</summary>
    private static readonly HashSet<string> Names =
        new(StringComparer.OrdinalIgnoreCase) { "docker.sock", "docker-host.sock", "docker.raw.sock", "podman.sock" };

    public static PlannedMount Mount { get; } = At(Place);

    public static PlannedMount At(string target) => new(PlannedMountKind.Docker, "", target, ReadOnly: false);

    public static bool IsMount(PlannedMount mount) => mount.Kind == PlannedMountKind.Docker;

    /// <summary>Says whether a mount's source is the socket of an engine on the author's machine.</summary>
    public static bool IsSource(string source) =>
        source.Length > 0 && source[0] is '/' or '~' && Names.Contains(source[(source.LastIndexOf('/') + 1)..]);
}
