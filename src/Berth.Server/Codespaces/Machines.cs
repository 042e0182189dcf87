using Berth.Client.Wire;

namespace Berth.Server.Codespaces;

/// <summary>The limits for the processes of one container. They are set on every container.</summary>
/// <param name="MemoryBytes">Without swap.</param>
/// <param name="Processes">Threads count as well.</param>
internal sealed record MachineLimits(double Cpus, long MemoryBytes, int Processes)
{
    private const double ServicesShare = 1 / 3.0;

    /// <summary>The engine takes no less.</summary>
    private const double LeastCpus = 0.01;

    /// <summary>The limits of the container that people work in, when services run beside it.</summary>
    public MachineLimits BesideServices(int services) => services == 0 ? this : Part(1 - ServicesShare);

    /// <summary>
    /// The limits of one of several services. Together they get a third of the machine, and rounding never gives them more.
    /// </summary>
    public MachineLimits OfService(int services) => Part(ServicesShare / services);

    private MachineLimits Part(double share) =>
        new(Math.Max(Cpus * share, LeastCpus), (long)(MemoryBytes * share), Math.Max((int)(Processes * share), 1));
}

/// <summary>A machine type, named as GitHub's.</summary>
internal sealed record Machine(string Name, int Cpus, long MemoryBytes, long StorageBytes)
{
    public string DisplayName => $"{Cpus} cores, {MemoryBytes >> 30} GB RAM, {StorageBytes >> 30} GB storage";

    /// <param name="prebuilds">Whether codespaces on it begin with a prebuild: <c>none</c>, <c>in_progress</c> or <c>ready</c>.</param>
    public CodespaceMachine ToWire(string prebuilds = "none") => new()
    {
        Name = Name,
        DisplayName = DisplayName,
        StorageInBytes = StorageBytes,
        MemoryInBytes = MemoryBytes,
        Cpus = Cpus,
        PrebuildAvailability = prebuilds,
    };
}

/// <summary>
/// The machine types that this host offers: those that it has the cores and memory for, up to the setting. They are limits and reserve
/// nothing, since codespaces share the host. The smallest is always offered, even on a smaller host.
/// </summary>
internal sealed class Machines(CodespaceOptions options)
{
    private const long GiB = 1L << 30;
    private const int ProcessesPerMachine = 4096;

    private static readonly Machine[] Types =
    [
        new("basicLinux32gb", 2, 8 * GiB, 32 * GiB),
        new("standardLinux32gb", 4, 16 * GiB, 32 * GiB),
        new("premiumLinux", 8, 32 * GiB, 64 * GiB),
        new("largePremiumLinux", 16, 64 * GiB, 128 * GiB),
        new("xLargePremiumLinux", 32, 128 * GiB, 128 * GiB),
    ];

    private readonly Machine[] _offered = Offer(
        options.LargestMachine, System.Environment.ProcessorCount, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes);

    public IReadOnlyList<Machine> Offered => _offered;

    /// <summary>How much a codespace may write into its containers' own layers.</summary>
    public long MostWrittenBytes(Codespace codespace) =>
        options.MaxContainerGiB is { } gigabytes ? (long)(gigabytes * GiB) : Of(codespace).StorageBytes;

    /// <summary>How much an image may unpack to.</summary>
    public long MostImageBytes => options.MaxImageGiB is { } gigabytes ? (long)(gigabytes * GiB) : _offered[^1].StorageBytes;

    /// <summary>The smallest machine. A codespace gets it when nobody chose one.</summary>
    public Machine Default => _offered[0];

    /// <summary>Finds a machine by its name. Null when this host does not offer it.</summary>
    public Machine? Find(string name) => Array.Find(_offered, machine => machine.Name == name);

    /// <summary>The machine that a row names, even if this host no longer offers it.</summary>
    public static CodespaceMachine WireOf(string name) => (Array.Find(Types, type => type.Name == name) ?? Types[0]).ToWire();

    /// <summary>The machine of a codespace. If it is no longer offered, the codespace gets the largest that is.</summary>
    public Machine Of(Codespace codespace) =>
        Find(codespace.Machine) ?? (Array.Exists(Types, type => type.Name == codespace.Machine) ? _offered[^1] : Default);

    /// <summary>The engine refuses more cores than the host has.</summary>
    public static MachineLimits LimitsOf(Machine machine) =>
        new(Math.Min(machine.Cpus, System.Environment.ProcessorCount), machine.MemoryBytes, ProcessesPerMachine);

    internal static Machine[] Offer(string? largest, int cpus, long memoryBytes)
    {
        // Firmware and kernel keep some memory for themselves, so a host of 16 GB shows a little less.
        var last = Array.FindLastIndex(Types, type => type.Cpus <= cpus && type.MemoryBytes <= memoryBytes + (memoryBytes / 8));
        var most = Array.FindIndex(Types, type => type.Name == largest);
        return Types[..(Math.Max(0, most < 0 ? last : Math.Min(last, most)) + 1)];
    }
}
