namespace Berth.Server.Codespaces.Engine;

/// <summary>A login at a registry, as the engine takes it.</summary>
internal sealed record RegistryCredential(string Registry, string UserName, string Password)
{
    /// <summary>
    /// A token of the registry for the image at hand. With it the engine shows it as it is, and asks for no other anywhere.
    /// </summary>
    public string? Token { get; init; }

    public override string ToString() => $"{UserName} at {Registry}";
}

/// <summary>What the engine says about itself that matters here.</summary>
/// <param name="RemapsUsers">Root in a container is nobody outside (dockerd's userns-remap).</param>
/// <param name="FirstUser">What a container's user 0 is outside: 0 without remapping.</param>
internal sealed record EngineFacts(bool RemapsUsers, int FirstUser, string Folder)
{
    /// <summary>As the engine says it; empty when it does not.</summary>
    public string Version { get; init; } = "";

    /// <summary>Containers' control groups are made by systemd, which knows slices only.</summary>
    public bool GroupsBySystemd { get; init; }
}

/// <summary>A container, as far as Berth looks at it.</summary>
/// <param name="Environment">Each as NAME=VALUE.</param>
internal sealed record EngineContainer(
    string Id, bool Running, int ExitCode, IReadOnlyDictionary<string, string> Labels, IReadOnlyList<string> Environment)
{
    /// <summary>It has run and does so no more.</summary>
    public bool HasEnded { get; init; }

    /// <summary>Of its main process, as the engine's machine counts; 0 when it does not run.</summary>
    public int Pid { get; init; }

    /// <summary>Why the engine could not start it, in its words; empty when it could.</summary>
    public string Fault { get; init; } = "";

    /// <summary>Differs from run to run.</summary>
    public string StartedAt { get; init; } = "";

    /// <summary>
    /// The folder that the engine keeps the container's own layer in, with all that belongs to it; null where the engine keeps layers in
    /// another way.
    /// </summary>
    public string? Layer { get; init; }

    /// <summary>Folders of the machine that are its volumes.</summary>
    public IReadOnlyList<string> VolumeFolders { get; init; } = [];

    /// <summary>In the first of its networks; null when it has none.</summary>
    public string? Address { get; init; }

    /// <summary><c>starting</c>, <c>healthy</c>, <c>unhealthy</c>; null without a check.</summary>
    public string? Health { get; init; }

    /// <summary>Of its processes, as the call that made it said; empty: the engine's own.</summary>
    public string CgroupParent { get; init; } = "";
}

/// <summary>A container in a list.</summary>
/// <param name="Name">Its first one; whoever asked for the container gave it.</param>
internal sealed record EngineListed(string Id, string Name, bool Running, IReadOnlyDictionary<string, string> Labels);

/// <summary>An image in a list.</summary>
/// <param name="Names">With their tags.</param>
internal sealed record EngineListedImage(string Id, IReadOnlyList<string> Names, IReadOnlyDictionary<string, string> Labels);

/// <summary>What an image says about itself.</summary>
internal sealed record EngineImage(string Id, string? User, IReadOnlyDictionary<string, string> Labels)
{
    /// <summary>Instructions that would run in whatever is built from it (ONBUILD).</summary>
    public bool HasTriggers { get; init; }

    /// <summary>Variables of its processes, each as NAME=VALUE.</summary>
    public IReadOnlyList<string> Environment { get; init; } = [];

    /// <summary>The folder in which its processes start; null when it names none.</summary>
    public string? Folder { get; init; }

    /// <summary>Paths at which its containers have a volume each (VOLUME).</summary>
    public IReadOnlyList<string> Volumes { get; init; } = [];

    /// <summary>Of all of its layers, unpacked.</summary>
    public long Bytes { get; init; }

    public IReadOnlyList<string> Entrypoint { get; init; } = [];

    public IReadOnlyList<string> Command { get; init; } = [];
}

/// <summary>What to build.</summary>
/// <param name="Network">Of the commands that run: a network's name, <c>default</c> or <c>none</c>.</param>
/// <param name="MemoryBytes">Each command may use; zero is no limit.</param>
/// <param name="Cpus">Each command may use; zero is no limit.</param>
/// <param name="CgroupParent">Of every container that the build makes.</param>
internal sealed record EngineBuild(
    string Tag, string Dockerfile, string Target, IReadOnlyDictionary<string, string> Arguments, IReadOnlyDictionary<string, string> Labels,
    bool NoCache,
    string Network, long MemoryBytes, double Cpus, string CgroupParent);

/// <summary>A network of the engine.</summary>
/// <param name="Subnets">In CIDR notation.</param>
internal sealed record EngineNetwork(
    string Id, string Name, string? Bridge, IReadOnlyList<string> Subnets, IReadOnlyDictionary<string, string> Labels);
