using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Berth.Server.Faults;

namespace Berth.Server.Codespaces.Docker;

/// <summary>
/// The control group around all that a codespace's engine runs: it limits it, and by it everything is found and ended, whatever has become
/// of who started it.
/// </summary>
/// <param name="time">Waits between looks.</param>
internal sealed partial class EngineGroup(string host, long codespace, TimeProvider time)
{
    private const string Root = "/sys/fs/cgroup";
    private const int Terminate = 15;
    private const int Kill = 9;

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);
    private static readonly string[] Hierarchies = ["memory", "pids", "cpu"];

    private readonly string _name = string.Create(
        CultureInfo.InvariantCulture,
        $"berthdocker{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(host)))[..8]}x{codespace}");

    private static bool IsUnified => File.Exists(Path.Combine(Root, "cgroup.controllers"));

    /// <summary>Where it is, in every hierarchy that it needs.</summary>
    private IEnumerable<string> Folders => IsUnified
        ? [Path.Combine(Root, _name)]
        : Hierarchies.Select(hierarchy => Path.Combine(Root, hierarchy, _name));

    /// <summary>Makes it, with what its processes may use together.</summary>
    /// <returns>The files that a process writes its number into to be in it.</returns>
    /// <exception cref="FaultException">The machine's control groups are not this server's to change.</exception>
    public IReadOnlyList<string> Make(MachineLimits limits)
    {
        try
        {
            if (IsUnified)
            {
                File.WriteAllText(Path.Combine(Root, "cgroup.subtree_control"), "+memory +pids +cpu");
            }

            foreach (var folder in Folders)
            {
                Directory.CreateDirectory(folder);
            }

            var cpus = (long)(limits.Cpus * 100_000);
            foreach (var (name, value) in IsUnified
                ? new[]
                {
                    ("memory.max", $"{limits.MemoryBytes}"), ("memory.swap.max", "0"), ("pids.max", $"{limits.Processes}"),
                    ("cpu.max", $"{cpus} 100000"),
                }
                : [
                    ("memory.limit_in_bytes", $"{limits.MemoryBytes}"), ("memory.memsw.limit_in_bytes", $"{limits.MemoryBytes}"),
                    ("pids.max", $"{limits.Processes}"), ("cpu.cfs_quota_us", $"{cpus}"),
                ])
            {
                // A kernel that counts no swap has no file for it.
                foreach (var file in Folders.Select(folder => Path.Combine(folder, name)).Where(File.Exists))
                {
                    File.WriteAllText(file, value);
                }
            }

            return [.. Folders.Select(folder => Path.Combine(folder, "cgroup.procs"))];
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new FaultException(
                FaultKind.Host, $"the control groups of this machine cannot be changed ({exception.Message})",
                "docker inside needs them for its limits: run the server where /sys/fs/cgroup is writable");
        }
    }

    public bool HasProcesses => Processes().Count > 0;

    /// <summary>Ends all that is in it: the engine gets <paramref name="grace"/> to stop its containers. Nothing there is fine.</summary>
    public async Task EndAsync(TimeSpan grace, CancellationToken cancellationToken)
    {
        if (!Folders.Any(Directory.Exists))
        {
            return;
        }

        foreach (var process in Processes().Where(process => NameOf(process) is "rootlesskit"))
        {
            Send(process, Terminate);
        }

        await UntilEmptyAsync(grace, () => { }, cancellationToken);
        if (!await UntilEmptyAsync(Patience, () => Processes().ForEach(process => Send(process, Kill)), cancellationToken))
        {
            throw new FaultException(FaultKind.Host, "the processes of the codespace's own container engine do not end");
        }

        foreach (var folder in Folders.Where(Directory.Exists))
        {
            Directory.Delete(folder);
        }
    }

    private async Task<bool> UntilEmptyAsync(TimeSpan patience, Action again, CancellationToken cancellationToken)
    {
        for (var end = time.GetTimestamp() + (long)(patience.TotalSeconds * time.TimestampFrequency); HasProcesses;)
        {
            if (time.GetTimestamp() > end)
            {
                return false;
            }

            again();
            await Task.Delay(Interval, time, cancellationToken);
        }

        return true;
    }

    private List<int> Processes()
    {
        try
        {
            return [.. Folders.Select(folder => Path.Combine(folder, "cgroup.procs")).Where(File.Exists).SelectMany(File.ReadLines)
                .Select(int.Parse).Distinct()];
        }
        catch (IOException)
        {
            // It was removed meanwhile.
            return [];
        }
    }

    private static string NameOf(int process)
    {
        try
        {
            return File.ReadAllText($"/proc/{process}/comm").Trim();
        }
        catch (IOException)
        {
            return "";
        }
    }

    /// <summary>One that has ended meanwhile is fine.</summary>
    private static void Send(int process, int signal) => _ = Signal(process, signal);

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Signal(int process, int signal);
}
