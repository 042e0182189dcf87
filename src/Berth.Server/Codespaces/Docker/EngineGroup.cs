using System.Globalization;
using System.Runtime.InteropServices;
using Berth.Server.Codespaces.Sandbox;
using Berth.Server.Faults;

namespace Berth.Server.Codespaces.Docker;

/// <summary>
/// The control group of everything that a codespace's engine runs. It sets the limits. Through it all processes are found and ended, even
/// when the process that started them is gone.
/// </summary>
internal sealed partial class EngineGroup(string host, long codespace, TimeProvider time)
{
    private const int Terminate = 15;
    private const int Kill = 9;

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);
    private static readonly string[] Controllers = ["memory", "pids", "cpu"];

    private readonly string _name = ControlGroups.Prefix("docker", host) + codespace.ToString(CultureInfo.InvariantCulture);

    private IEnumerable<string> Folders => ControlGroups.Folders(_name, Controllers);

    /// <summary>Makes the group, with limits for all its processes together.</summary>
    /// <returns>The files to which a process writes its id to join the group.</returns>
    /// <exception cref="FaultException">This server may not change the machine's control groups.</exception>
    public IReadOnlyList<string> Make(MachineLimits limits)
    {
        try
        {
            ControlGroups.Make(_name, Controllers);
            ControlGroups.Limit(_name, limits.Processes, limits.MemoryBytes, limits.Cpus);
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

    /// <summary>
    /// Ends everything in the group. The engine gets <paramref name="grace"/> to stop its containers. Does nothing when the group is empty.
    /// </summary>
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
            // The group was removed meanwhile.
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

    /// <summary>Sends a signal. It is no error when the process has ended meanwhile.</summary>
    private static void Send(int process, int signal) => _ = Signal(process, signal);

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Signal(int process, int signal);
}
