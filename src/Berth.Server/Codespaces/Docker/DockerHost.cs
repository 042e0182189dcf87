namespace Berth.Server.Codespaces.Docker;

/// <summary>Says whether this host can give codespaces an engine of their own, and where their files lie.</summary>
internal sealed class DockerHost(CodespaceHost host, CodespaceOptions options, CodespaceTools tools)
{
    public string Name => host.Name;

    /// <summary>Why this host cannot give codespaces an engine. Null when it can.</summary>
    public string? Unavailable => options.DockerInside == CodespaceOptions.DockerOff ? "BERTH_DOCKER_INSIDE is off"
        : !System.Environment.IsPrivilegedProcess ? "the server does not run as root"
        : tools.MissingForDocker();

    /// <summary>Says whether the codespace gets docker inside, for the log and the pre-flight.</summary>
    public string Line => Unavailable is { } reason
        ? $"docker inside is asked for, and this server has none: {reason}. The codespace starts without docker"
        : "docker inside: the codespace's own container engine answers at /var/run/docker.sock and starts with its first use";

    public CodespaceFolders Folders(Codespace codespace) => host.Folders(codespace);
}
