namespace Berth.Server.Codespaces.Engine;

/// <summary>A login at a registry, as the engine takes it.</summary>
internal sealed record RegistryCredential(string Registry, string UserName, string Password)
{
    /// <summary>
    /// A token of the registry for this image. The engine sends it to the registry as it is, and asks for no other token.
    /// </summary>
    public string? Token { get; init; }

    public override string ToString() => $"{UserName} at {Registry}";
}

/// <summary>Facts about the engine that matter here.</summary>
/// <param name="RemapsUsers">Root in a container is an ordinary user outside (dockerd's userns-remap).</param>
/// <param name="FirstUser">The number outside of a container's user 0. It is 0 without remapping.</param>
internal sealed record EngineFacts(bool RemapsUsers, int FirstUser, string Folder)
{
    /// <summary>The version that the engine reports. Empty when it reports none.</summary>
    public string Version { get; init; } = "";

    /// <summary>systemd makes the control groups of containers. It only takes slices as their parents.</summary>
    public bool GroupsBySystemd { get; init; }
}

/// <summary>The properties of a container that Berth uses.</summary>
/// <param name="Environment">Variables as NAME=VALUE.</param>
internal sealed record EngineContainer(
    string Id, bool Running, int ExitCode, IReadOnlyDictionary<string, string> Labels, IReadOnlyList<string> Environment)
{
    /// <summary>The container has run, and does not run any more.</summary>
    public bool HasEnded { get; init; }

    /// <summary>The process id of its main process on the engine's machine. 0 when it does not run.</summary>
    public int Pid { get; init; }

    /// <summary>Why the engine could not start it, in its words; empty when it could.</summary>
    public string Fault { get; init; } = "";

    /// <summary>The time of its last start. It differs between runs.</summary>
    public string StartedAt { get; init; } = "";

    /// <summary>
    /// The engine's folder with everything of the container's own layer. Null when the engine stores layers in another way.
    /// </summary>
    public string? Layer { get; init; }

    /// <summary>The folders of its volumes on this machine.</summary>
    public IReadOnlyList<string> VolumeFolders { get; init; } = [];

    /// <summary>The address in the first of its networks. Null when it has none.</summary>
    public string? Address { get; init; }

    /// <summary><c>starting</c>, <c>healthy</c>, <c>unhealthy</c>; null without a check.</summary>
    public string? Health { get; init; }

    /// <summary>The output of its last health check.</summary>
    public string HealthOutput { get; init; } = "";

    /// <summary>The parent control group that the call to make it named. Empty: the engine's default.</summary>
    public string CgroupParent { get; init; } = "";
}

/// <summary>A container in a list.</summary>
/// <param name="Name">Its first name. Whoever asked for the container chose it.</param>
internal sealed record EngineListed(string Id, string Name, bool Running, IReadOnlyDictionary<string, string> Labels);

/// <summary>An image in a list.</summary>
/// <param name="Names">With their tags.</param>
internal sealed record EngineListedImage(string Id, IReadOnlyList<string> Names, IReadOnlyDictionary<string, string> Labels);

/// <summary>The metadata of an image.</summary>
internal sealed record EngineImage(string Id, string? User, IReadOnlyDictionary<string, string> Labels)
{
    /// <summary>The image has instructions that run in every build from it (ONBUILD).</summary>
    public bool HasTriggers { get; init; }

    /// <summary>Variables of its processes, each as NAME=VALUE.</summary>
    public IReadOnlyList<string> Environment { get; init; } = [];

    /// <summary>The folder in which its processes start; null when it names none.</summary>
    public string? Folder { get; init; }

    /// <summary>Paths at which each of its containers has a volume (VOLUME).</summary>
    public IReadOnlyList<string> Volumes { get; init; } = [];

    /// <summary>The unpacked size of all its layers.</summary>
    public long Bytes { get; init; }

    public IReadOnlyList<string> Entrypoint { get; init; } = [];

    public IReadOnlyList<string> Command { get; init; } = [];
}

/// <summary>A build for the engine.</summary>
/// <param name="Network">The network of the commands: a network's name, <c>default</c> or <c>none</c>.</param>
/// <param name="MemoryBytes">The limit for each command. Zero means no limit.</param>
/// <param name="Cpus">The limit for each command. Zero means no limit.</param>
internal sealed record EngineBuild(
    string Tag, string Dockerfile, string Target, IReadOnlyDictionary<string, string> Arguments, IReadOnlyDictionary<string, string> Labels,
    bool NoCache,
    string Network, long MemoryBytes, double Cpus, string CgroupParent);

/// <summary>A network of the engine.</summary>
/// <param name="Subnets">In CIDR notation.</param>
internal sealed record EngineNetwork(
    string Id, string Name, string? Bridge, IReadOnlyList<string> Subnets, IReadOnlyDictionary<string, string> Labels);
