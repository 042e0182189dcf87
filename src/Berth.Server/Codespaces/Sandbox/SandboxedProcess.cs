using System.Collections.Concurrent;
using System.Diagnostics;
using Berth.Server.Faults;

namespace Berth.Server.Codespaces.Sandbox;

/// <summary>
/// Runs git, which reads a repository's files, where it can do no harm (bubblewrap). It runs as a user that owns nothing else, without
/// capabilities or a way to get any, in namespaces of its own. It sees only what a <see cref="SandboxView"/> names, and ends with the
/// server.
/// </summary>
internal sealed class SandboxedProcess : ISandbox, IDisposable
{
    private readonly CodespaceTools _tools;
    private readonly TimeProvider _time;
    private readonly BlockingCollection<(Process Process, TaskCompletionSource Started)> _toStart = new();
    private readonly SemaphoreSlim _probing = new(1);
    private bool _works;

    public SandboxedProcess(CodespaceTools tools, TimeProvider time)
    {
        _tools = tools;
        _time = time;

        // Use one lasting thread, because a sandbox ends with the *thread* that started it (prctl(2), PR_SET_PDEATHSIG), and pool threads
        // end.
        new Thread(StartAll) { IsBackground = true, Name = "sandboxes" }.Start();
    }

    /// <exception cref="TimeoutException">The program took too long.</exception>
    /// <exception cref="FaultException">This machine has no sandbox. The message says what is missing.</exception>
    public async Task<ToolResult> RunAsync(
        SandboxView view, string file, IEnumerable<string> arguments, IReadOnlyDictionary<string, string> environment, string folder,
        Action<string> errorLine, TimeSpan timeout, CancellationToken cancellationToken)
    {
        if (await UnavailableAsync(cancellationToken) is { } reason)
        {
            throw new FaultException(FaultKind.Host, reason);
        }

        return await RunUncheckedAsync(view, [file, .. arguments], environment, folder, errorLine, timeout, cancellationToken);
    }

    public async Task<string?> UnavailableAsync(CancellationToken cancellationToken)
    {
        if (_works)
        {
            return null;
        }

        await _probing.WaitAsync(cancellationToken);
        try
        {
            return _works ? null : await ProbeAsync(cancellationToken);
        }
        finally
        {
            _probing.Release();
        }
    }

    public void Dispose()
    {
        _toStart.CompleteAdding();
        _probing.Dispose();
    }

    private async Task<string?> ProbeAsync(CancellationToken cancellationToken)
    {
        var files = Directory.CreateTempSubdirectory("berth-sandbox-");
        Queue<string> said = new();
        try
        {
            var view = new SandboxView(SandboxView.FirstUser, files.FullName);
            var result = await RunUncheckedAsync(
                view, ["/usr/bin/true"], new Dictionary<string, string>(StringComparer.Ordinal), "/", said.Enqueue,
                TimeSpan.FromSeconds(30), cancellationToken);
            _works = result.ExitCode == 0;
            return _works
                ? null
                : Fault.Shown(
                    $"codespaces need a sandbox, and bubblewrap cannot make one here "
                        + $"({said.LastOrDefault() ?? $"exit code {result.ExitCode}"})",
                    Remedy());
        }
        catch (Exception exception) when (exception is FaultException or TimeoutException)
        {
            return exception.Message;
        }
        finally
        {
            files.Delete(recursive: true);
        }
    }

    private static string Remedy() => System.Environment.IsPrivilegedProcess
        ? "give the server CAP_SYS_ADMIN (in a container: --cap-add SYS_ADMIN --security-opt seccomp=unconfined --security-opt "
            + "apparmor=unconfined)"
        : "run the server as root, or allow user namespaces (sysctl kernel.unprivileged_userns_clone=1, user.max_user_namespaces above 0)";

    private Task<ToolResult> RunUncheckedAsync(
        SandboxView view, IEnumerable<string> command, IReadOnlyDictionary<string, string> environment, string folder,
        Action<string> errorLine,
        TimeSpan timeout, CancellationToken cancellationToken)
    {
        WriteAccounts(view);
        if (view.Home is { } home)
        {
            Ownership.Give(home, view.User);
        }

        var arguments = BubblewrapArguments.Of(view, _tools, System.Environment.IsPrivilegedProcess, command, folder);
        return ToolProcess.RunAsync(
            _tools.Bubblewrap(), arguments, environment, "/", errorLine, timeout, _time, cancellationToken, StartAsync);
    }

    /// <summary>
    /// Writes the accounts that a sandbox sees, since git and node look up the name of their user. HOME is a variable, so all sandboxes of
    /// a codespace can share these files, and nobody changes them meanwhile.
    /// </summary>
    private static void WriteAccounts(SandboxView view)
    {
        var user = System.Environment.IsPrivilegedProcess ? view.User : (int)Ownership.OwnUser();
        Write("passwd", $"root:x:0:0:root:/:/usr/sbin/nologin\n{SandboxView.UserName}:x:{user}:{user}::/tmp:/bin/sh\n");
        Write("group", $"root:x:0:\n{SandboxView.UserName}:x:{user}:\n");

        void Write(string name, string content)
        {
            var path = Path.Combine(view.Files, name);
            if (!File.Exists(path) || File.ReadAllText(path) != content)
            {
                var unfinished = Path.Combine(view.Files, Path.GetRandomFileName());
                File.WriteAllText(unfinished, content);
                File.SetUnixFileMode(
                    unfinished, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
                File.Move(unfinished, path, overwrite: true);
            }
        }
    }

    private Task StartAsync(Process process)
    {
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _toStart.Add((process, started));
        return started.Task;
    }

    private void StartAll()
    {
        foreach (var (process, started) in _toStart.GetConsumingEnumerable())
        {
            try
            {
                process.Start();
                started.SetResult();
            }
            catch (Exception exception)
            {
                started.SetException(exception);
            }
        }
    }
}
