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

    /// <summary>A file that the configuration writes out, on the codespace's disk where nobody changes it.</summary>
    Text,

    /// <summary>Memory.</summary>
    Memory,

    /// <summary>The socket of the codespace's own container engine, and of no other.</summary>
    Docker,
}

/// <param name="Source">
/// A volume's name within the codespace, a path within the checkout, or a file's whole text; empty for the others.
/// </param>
internal sealed record PlannedMount(PlannedMountKind Kind, string Source, string Target, bool ReadOnly)
{
    /// <summary>Of memory: what it holds at most and who may use it, in the kernel's words; empty: its defaults.</summary>
    public string MemoryOptions { get; init; } = "";
}

/// <summary>A limit of the kernel's for each process (setrlimit(2)).</summary>
/// <param name="Hard">-1: none.</param>
internal sealed record ResourceLimit(string Name, long Soft, long Hard);

/// <summary>Whom a container reaches.</summary>
internal abstract record ContainerNetwork
{
    private ContainerNetwork()
    {
    }

    public sealed record None : ContainerNetwork;

    /// <summary>The codespace's own network.</summary>
    /// <param name="Aliases">Names beside the container's own.</param>
    public sealed record OfCodespace(IReadOnlyList<string> Aliases) : ContainerNetwork;

    /// <summary>The network of another container of the codespace.</summary>
    public sealed record SharedWith(string Container) : ContainerNetwork;
}

/// <summary>
/// All that can be said about a container of a codespace. Whatever a repository, an image or a feature asks for is read into this, and what
/// it has no word for cannot happen: there are no devices, host paths, host namespaces or privileges in it.
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

    /// <summary>Where Berth's files lie, in memory: never on a disk, and gone when the container stops. Null: there are none.</summary>
    public string? SecretsFolder { get; init; }

    /// <summary>Where Berth's SSH server lies, to be read and run by all. Null: there is none.</summary>
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

    /// <summary>Names that are itself.</summary>
    public IReadOnlyList<string> LoopbackNames { get; init; } = [];

    /// <summary>In the engine's form; null: the image's.</summary>
    public JsonObject? HealthCheck { get; init; }

    /// <summary>Beside those of Berth's, which say whose container it is and win over any other.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();
}
