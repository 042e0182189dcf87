namespace Berth.Server.Codespaces.Isolation;

/// <summary>
/// The socket by which a container reaches the codespace's own engine: docker inside. Whoever asks for a socket of an engine of the host's
/// means this one, since a codespace has no other.
/// </summary>
internal static class DockerSocket
{
    /// <summary>Where programs look for it.</summary>
    public const string Place = "/var/run/docker.sock";

    /// <summary>Of docker, its desktop application and podman, wherever they put it.</summary>
    private static readonly HashSet<string> Names =
        new(StringComparer.OrdinalIgnoreCase) { "docker.sock", "docker-host.sock", "docker.raw.sock", "podman.sock" };

    public static PlannedMount Mount { get; } = At(Place);

    public static PlannedMount At(string target) => new(PlannedMountKind.Docker, "", target, ReadOnly: false);

    public static bool IsMount(PlannedMount mount) => mount.Kind == PlannedMountKind.Docker;

    /// <summary>Whether a mount's source is an engine's socket on somebody's machine.</summary>
    public static bool IsSource(string source) =>
        source.Length > 0 && source[0] is '/' or '~' && Names.Contains(source[(source.LastIndexOf('/') + 1)..]);
}
