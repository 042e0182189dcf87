using System.Text.Json.Nodes;

namespace Berth.Server.Codespaces.Isolation;

/// <summary>What lies at a place in a container.</summary>
internal enum PlannedMountKind
{
    /// <summary>The codespace's checkout.</summary>
    Workspace,

    /// <summary>A file or folder of the checkout, mounted by <see cref="Workspaces.WorkspaceParts"/>.</summary>
    Part,

    /// <summary>A volume of the codespace: a folder of its own disk.</summary>
    Volume,

    /// <summary>A file whose text is in the configuration. It lies on the codespace's disk where nobody can change it.</summary>
    Text,

    /// <summary>A tmpfs.</summary>
    Memory,

    /// <summary>The socket of the codespace's own container engine, and of no other.</summary>
    Docker,
}

/// <param name="Source">
/// A volume's name within the codespace, a path within the checkout, or a file's whole text; empty for the others.
/// </param>
internal sealed record PlannedMount(PlannedMountKind Kind, string Source, string Target, bool ReadOnly)
{
    /// <summary>Options of a tmpfs, in the kernel's words: its size and who may use it. Empty: the kernel's defaults.</summary>
    public string MemoryOptions { get; init; } = "";
}

/// <summary>A limit that the kernel sets for each process (setrlimit(2)).</summary>
/// <param name="Hard">-1: no limit.</param>
internal sealed record ResourceLimit(string Name, long Soft, long Hard);

/// <summary>The network that a container is in.</summary>
internal abstract record ContainerNetwork
{
    private ContainerNetwork()
    {
    }

    public sealed record None : ContainerNetwork;

    /// <summary>The codespace's own network.</summary>
    /// <param name="Aliases">Beside the container's own name.</param>
    public sealed record OfCodespace(IReadOnlyList<string> Aliases) : ContainerNetwork;

    /// <summary>The network of another container of the codespace.</summary>
    public sealed record SharedWith(string Container) : ContainerNetwork;
}

/// <summary>
/// Everything that can be asked of a container of a codespace. What a repository, an image or a feature asks for is read into this record.
/// It has no devices, host paths, host namespaces or privileges, so nothing can ask for those.
/// </summary>
/// <param name="Image">Pinned by digest, or built for the codespace.</param>
internal sealed record ContainerPlan(string Image, MachineLimits Limits, ContainerNetwork Network)
{
    /// <summary>Null: the image's.</summary>
    public IReadOnlyList<string>? Entrypoint { get; init; }

    /// <summary>Null: the image's, unless there is an entrypoint.</summary>
    public IReadOnlyList<string>? Command { get; init; }

    /// <summary>Null: the image's.</summary>
    public string? User { get; init; }

    /// <summary>Null: the image's.</summary>
    public string? WorkingFolder { get; init; }

    /// <summary>Null: the engine chooses.</summary>
    public string? HostName { get; init; }

    /// <summary>Null: the image's.</summary>
    public string? StopSignal { get; init; }

    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    public IReadOnlyList<PlannedMount> Mounts { get; init; } = [];

    /// <summary>
    /// The folder of Berth's files, in memory. They are never on a disk, and end when the container stops. Null: there are none.
    /// </summary>
    public string? SecretsFolder { get; init; }

    /// <summary>The user and group who own the folder of Berth's files, as numbers: <c>UID:GID</c>.</summary>
    public string SecretsOwner { get; init; } = "0:0";

    /// <summary>The folder of Berth's SSH server, which everybody may read and run. Null: there is none.</summary>
    public string? SshServerFolder { get; init; }

    public bool Terminal { get; init; }

    public bool Input { get; init; }

    public bool Init { get; init; }

    public bool ReadOnly { get; init; }

    /// <summary>Bytes of <c>/dev/shm</c>; never more than the machine's memory.</summary>
    public long? SharedMemory { get; init; }

    public IReadOnlyList<string> DroppedCapabilities { get; init; } = [];

    /// <summary>Its processes may look into each other, as debuggers do (<c>SYS_PTRACE</c>).</summary>
    public bool Debugging { get; init; }

    public IReadOnlyList<ResourceLimit> ResourceLimits { get; init; } = [];

    /// <summary>Host names that lead to the container itself.</summary>
    public IReadOnlyList<string> LoopbackNames { get; init; } = [];

    /// <summary>In the engine's form; null: the image's.</summary>
    public JsonObject? HealthCheck { get; init; }

    /// <summary>Labels beside Berth's own. Berth's say whose container it is, and win over any other.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();
}
