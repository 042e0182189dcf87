using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using Berth.Server.Codespaces.Engine;
using Berth.Server.Codespaces.Sandbox;
using Berth.Server.Faults;
using Berth.Server.Http;
using Microsoft.Win32.SafeHandles;

namespace Berth.Server.Codespaces.Docker;

/// <summary>The settings of a codespace's engine.</summary>
/// <param name="First">The first id of its range of users. The engine runs as this user.</param>
/// <param name="Target">The path of the workspace in the container, and so in the engine's file system.</param>
internal sealed record EnginePlan(long First, string Target);

/// <summary>
/// Starts a codespace's own container engine: dockerd under rootlesskit as a user without rights, in a mount namespace with its data and
/// the workspace, in the network of the container that people work in, in a control group with the machine's limits. It goes on when this
/// server ends, and is found again.
/// </summary>
internal sealed class RootlessEngine(
    IContainerEngine engine, CodespaceTools tools, AddressOptions address, OutgoingOptions outgoing, TimeProvider time)
{
    private const int NewNetwork = 0x40000000;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(50);

    /// <summary>Starts the engine, and returns when it accepts connections.</summary>
    /// <param name="workspace">The checkout on this host.</param>
    /// <exception cref="FaultException">The engine does not start. The message has its last output.</exception>
    public async Task StartAsync(
        CodespaceFolders folders, EnginePlan plan, EngineContainer container, string workspace, EngineGroup group, MachineLimits limits,
        Action<string> log, CancellationToken cancellationToken)
    {
        var groups = group.Make(limits);
        Directory.CreateDirectory(folders.DockerRoot);
        Directory.CreateDirectory(folders.DockerWorkspace);
        using var network = await OpenNetworkAsync(container, cancellationToken);
        using var users = await UsersAsync(plan, (await engine.FactsAsync(cancellationToken)).FirstUser, cancellationToken);
        using var process = new Process { StartInfo = Info(folders, plan, workspace, groups) };
        await OnThreadAsync(() =>
        {
            KernelMounts.Leave();
            using (var mount = KernelMounts.Copy(workspace))
            {
                if (!KernelMounts.MapUsersOf(mount, users))
                {
                    log("the kernel or the file system of the workspace cannot map its users: containers of docker inside read there what "
                        + "everybody may read, and write nothing");
                }

                KernelMounts.Place(mount, folders.DockerWorkspace);
            }

            KernelMounts.Enter(network, NewNetwork);
            process.Start();
        });
        await WaitAsync(folders, plan, process, cancellationToken);
    }

    private async Task WaitAsync(CodespaceFolders folders, EnginePlan plan, Process process, CancellationToken cancellationToken)
    {
        for (var start = time.GetTimestamp(); !await EngineConnection.AnswersAsync(folders, plan, cancellationToken);)
        {
            if (process.HasExited || time.GetElapsedTime(start) > Patience)
            {
                throw new FaultException(FaultKind.Host, $"the codespace's own container engine does not start: {Said(folders)}");
            }

            await Task.Delay(Interval, time, cancellationToken);
        }
    }

    /// <summary>
    /// Opens the container's network. Only once it is open does this check that it still belongs to the container.
    /// </summary>
    private async Task<SafeFileHandle> OpenNetworkAsync(EngineContainer container, CancellationToken cancellationToken)
    {
        var network = File.OpenHandle($"/proc/{container.Pid}/ns/net", share: FileShare.ReadWrite | FileShare.Delete);
        if (await engine.ContainerAsync(container.Id, cancellationToken) is { Running: true } again && again.Pid == container.Pid)
        {
            return network;
        }

        network.Dispose();
        throw new FaultException(FaultKind.Container, "the container has ended");
    }

    /// <summary>
    /// A user namespace that says who the owners of files in the workspace are for the engine's containers: the same numbers as for the
    /// container that people work in. A process makes it, since one with threads cannot.
    /// </summary>
    private async Task<SafeFileHandle> UsersAsync(EnginePlan plan, int firstUser, CancellationToken cancellationToken)
    {
        using var process = Process.Start(new ProcessStartInfo(tools.SystemTool("unshare"), ["--user", tools.SystemTool("sleep"), "60"])
        {
            RedirectStandardError = true,
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
        try
        {
            var folder = $"/proc/{process.Id}";
            var own = new FileInfo("/proc/self/ns/user").LinkTarget;
            while (new FileInfo($"{folder}/ns/user").LinkTarget == own && !process.HasExited)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(2), time, cancellationToken);
            }

            var map = string.Create(CultureInfo.InvariantCulture, $"{firstUser} {plan.First} {DockerUsers.Count}");
            await File.WriteAllTextAsync($"{folder}/uid_map", map, cancellationToken);
            await File.WriteAllTextAsync($"{folder}/gid_map", map, cancellationToken);
            return File.OpenHandle($"{folder}/ns/user", share: FileShare.ReadWrite | FileShare.Delete);
        }
        finally
        {
            process.Kill();
        }
    }

    private ProcessStartInfo Info(CodespaceFolders folders, EnginePlan plan, string workspace, IReadOnlyList<string> groups)
    {
        // setsid makes it the leader of its own session, so that it does not end with this server's process group.
        var info = new ProcessStartInfo(tools.SystemTool("setsid"), ["/bin/sh", "-c", EngineScript.Outer])
        {
            WorkingDirectory = "/",
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        info.Environment.Clear();
        foreach (var (name, value) in new (string, string)[]
        {
            ("PATH", "/usr/sbin:/usr/bin:/sbin:/bin"), ("LC_ALL", "C.UTF-8"), ("INNER", EngineScript.Inner),
            ("AS_USER", EngineScript.AsUser), ("AS_ROOT", EngineScript.AsRoot), ("CONTROL_GROUPS", string.Join(' ', groups)),
            ("LOG", folders.DockerLog), ("ROOT", folders.DockerRoot), ("ENGINE", folders.DockerEngine),
            ("WORKSPACE", folders.DockerWorkspace), ("TARGET", plan.Target),
            ("FIRST", plan.First.ToString(CultureInfo.InvariantCulture)), ("COUNT", $"{DockerUsers.Count}"),
            ("AUTHORITIES", outgoing.CaFile ?? ""), ("LOOPBACK_PORT", address.BaseUri.IsLoopback ? $"{address.BaseUri.Port}" : ""),
            ("FLAGS", address.BaseUri is { IsLoopback: false, Scheme: "http" } ? $"--insecure-registry={address.RegistryHost}" : ""),
        })
        {
            info.Environment[name] = value;
        }

        return info;
    }

    /// <summary>Runs on a thread of its own. The kernel starts a child in the namespaces of the thread that asks for it.</summary>
    internal static async Task OnThreadAsync(Action run)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        new Thread(() =>
        {
            try
            {
                run();
                done.SetResult();
            }
            catch (Win32Exception exception)
            {
                done.SetException(new FaultException(FaultKind.Host, exception.Message, exception));
            }
            catch (Exception exception)
            {
                done.SetException(exception);
            }
        })
        { IsBackground = true, Name = "docker inside" }.Start();
        await done.Task;
    }

    /// <summary>
    /// The output from before and after it became its own user. The second file belongs to the codespace, which may put anything there.
    /// </summary>
    private static string Said(CodespaceFolders folders)
    {
        const int Longest = 64 * 1024;
        string[] lines =
        [
            .. File.Exists(folders.DockerLog) ? File.ReadLines(folders.DockerLog) : [],
            .. System.Text.Encoding.UTF8.GetString(
                Workspaces.ContainedFiles.Read(folders.DockerEngine, EngineScript.Log, Longest) ?? []).Split('\n'),
        ];
        return string.Join(" | ", lines.Where(line => line.Length > 0).TakeLast(3).Select(line => line.Length > 300 ? line[..300] : line));
    }
}
