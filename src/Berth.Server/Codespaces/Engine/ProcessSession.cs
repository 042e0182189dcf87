using System.Globalization;
using System.Runtime.InteropServices;

namespace Berth.Server.Codespaces.Engine;

/// <summary>
/// Ends a process of a container and everything in its session, as closing a terminal does. The engine has no call for this, so the signals
/// come from this machine. If the server does not see the engine's processes, because it runs in a container itself, nothing happens.
/// </summary>
internal static partial class ProcessSession
{
    private const int Hangup = 1;
    private const int Kill = 9;
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(1);

    /// <param name="containerPid">The main process of its container: only what lives in the same process namespace is ended.</param>
    public static async Task KillAsync(int pid, int containerPid, TimeProvider time, CancellationToken cancellationToken)
    {
        var wanted = Namespace(containerPid);
        if (wanted is null || wanted == Namespace(System.Environment.ProcessId) || wanted != Namespace(pid))
        {
            return;
        }

        Signal(pid, wanted, Hangup);
        await Task.Delay(Grace, time, cancellationToken);
        Signal(pid, wanted, Kill);
    }

    private static void Signal(int session, string wanted, int signal)
    {
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder.AsSpan()), NumberStyles.None, CultureInfo.InvariantCulture, out var pid)
                && SessionOf(pid) == session && Namespace(pid) == wanted)
            {
                _ = SendSignal(pid, signal);
            }
        }
    }

    /// <summary>
    /// Reads the session from <c>/proc/PID/stat</c> (proc(5)). It is the sixth field. The second is a name in brackets that may hold
    /// anything.
    /// </summary>
    private static int SessionOf(int pid)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{pid}/stat");
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return int.Parse(fields[3], CultureInfo.InvariantCulture);
        }
        catch (Exception exception)
            when (exception is IOException or UnauthorizedAccessException or FormatException or IndexOutOfRangeException)
        {
            return -1;
        }
    }

    private static string? Namespace(int pid)
    {
        try
        {
            return new FileInfo($"/proc/{pid}/ns/pid").LinkTarget;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int SendSignal(int pid, int signal);
}
