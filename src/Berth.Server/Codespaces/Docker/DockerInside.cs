using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Text.Json;
using Berth.Server.Codespaces.Engine;
using Berth.Server.Codespaces.Sandbox;
using Berth.Server.Faults;

namespace Berth.Server.Codespaces.Docker;

/// <summary>
/// Docker inside. A codespace that asks for it gets a socket, and this server passes its connections on to a container engine of the
/// codespace's own. The first connection starts the engine. It ends with the codespace, and its data stays until the codespace is deleted.
/// </summary>
internal sealed partial class DockerInside(
    DockerHost host, RootlessEngine rootless, DockerUsers users, IContainerEngine engine, CodespaceContainers containers, Machines machines,
    TimeProvider time, ILogger<DockerInside> logger) : IDisposable
{
    private const int WakeTries = 120;

    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan WakeInterval = TimeSpan.FromMilliseconds(500);
    private readonly ConcurrentDictionary<long, Kept> _kept = new();

    /// <summary>The state that this server keeps for one codespace.</summary>
    private sealed class Kept
    {
        public SemaphoreSlim Turn { get; } = new(1);

        public DockerListener? Listener { get; set; }

        /// <summary>The listener is not opened again before the next start.</summary>
        public bool Stopped { get; set; }
    }

    /// <summary>Opens the socket. It must exist before containers are made that mount it.</summary>
    /// <param name="target">The path of the workspace in the container that people work in.</param>
    public async Task OpenAsync(Codespace codespace, string target, CancellationToken cancellationToken)
    {
        var folders = host.Folders(codespace);
        var plan = new EnginePlan(users.Of(folders), target);
        Directory.CreateDirectory(folders.DockerEngine);
        Ownership.GiveOne(folders.DockerEngine, unchecked((int)plan.First));
        await File.WriteAllBytesAsync(folders.DockerPlan, JsonSerializer.SerializeToUtf8Bytes(plan), cancellationToken);
        await ResumeAsync(codespace, cancellationToken);
    }

    /// <summary>Opens the socket before containers that mount it start again. Does nothing for a codespace without docker.</summary>
    public async Task ResumeAsync(Codespace codespace, CancellationToken cancellationToken)
    {
        if (PlanOf(codespace) is not null && host.Unavailable is null)
        {
            await InTurnAsync(codespace, kept =>
            {
                (kept.Stopped, kept.Listener) = (false, Listen(codespace, kept));
                return Task.CompletedTask;
            }, cancellationToken);
            if (Directory.Exists(Path.Combine(host.Folders(codespace).DockerEngine, "data")))
            {
                _ = WakeAsync(codespace);
            }
        }
    }

    /// <summary>The next containers have no docker. The engine's data stays for later containers that want it.</summary>
    public void Forget(Codespace codespace) => File.Delete(host.Folders(codespace).DockerPlan);

    /// <summary>
    /// Opens the socket of a running codespace after a restart of this server, so that its containers reach their engine.
    /// </summary>
    public async Task KeepAsync(Codespace codespace, CancellationToken cancellationToken)
    {
        if (PlanOf(codespace) is null || host.Unavailable is not null
            || (_kept.TryGetValue(codespace.Id, out var known) && known.Listener is not null))
        {
            return;
        }

        await InTurnAsync(codespace, async kept =>
        {
            if (kept.Listener is null && !kept.Stopped)
            {
                kept.Listener = Listen(codespace, kept);
                foreach (var container in await containers.OfAsync(codespace, cancellationToken))
                {
                    if (await engine.ContainerAsync(container.ContainerId, cancellationToken) is { Running: true } running)
                    {
                        await SocketMounts.RenewAsync(engine, running, host.Folders(codespace), cancellationToken);
                    }
                }
            }
        }, cancellationToken);
    }

    /// <summary>Ends the engine before the containers stop. Its data stays. Does nothing for a codespace without docker.</summary>
    public Task StopAsync(Codespace codespace, CancellationToken cancellationToken) => InTurnAsync(codespace, async kept =>
    {
        kept.Stopped = true;
        kept.Listener?.Dispose();
        kept.Listener = null;
        await GroupOf(codespace).EndAsync(Grace, cancellationToken);
    }, cancellationToken);

    /// <summary>Forgets a codespace that is gone.</summary>
    public void Forget(long codespace) => _kept.TryRemove(codespace, out _);

    public void Dispose()
    {
        foreach (var kept in _kept.Values)
        {
            kept.Listener?.Dispose();
            kept.Turn.Dispose();
        }
    }

    /// <summary>
    /// Starts an engine that was used before without waiting for its first use, since some of its containers may be set to run always.
    /// </summary>
    private async Task WakeAsync(Codespace codespace)
    {
        try
        {
            for (var tries = 0; tries < WakeTries && await DevContainerAsync(codespace, CancellationToken.None) is null; tries++)
            {
                await Task.Delay(WakeInterval, time);
            }

            (await ConnectAsync(codespace, CancellationToken.None)).Dispose();
        }
        catch (Exception exception) when (exception is FaultException or EngineException or IOException or SocketException)
        {
            LogFault(codespace.Name, exception.Message);
        }
    }

    private DockerListener Listen(Codespace codespace, Kept kept)
    {
        kept.Listener?.Dispose();
        return new DockerListener(host.Folders(codespace), token => ConnectAsync(codespace, token));
    }

    private async Task<Socket> ConnectAsync(Codespace codespace, CancellationToken cancellationToken)
    {
        var folders = host.Folders(codespace);
        var plan = PlanOf(codespace) ?? throw new FaultException(FaultKind.Container, "the codespace has none any more");
        if (await EngineConnection.ConnectAsync(folders, plan, cancellationToken) is { } open)
        {
            return open;
        }

        Socket? connected = null;
        await InTurnAsync(codespace, async kept =>
        {
            if (kept.Stopped)
            {
                throw new FaultException(FaultKind.Container, "the codespace stops");
            }

            connected = await EngineConnection.ConnectAsync(folders, plan, cancellationToken);
            if (connected is null)
            {
                await StartAsync(codespace, folders, plan, cancellationToken);
                connected = await EngineConnection.ConnectAsync(folders, plan, cancellationToken);
            }
        }, cancellationToken);
        return connected ?? throw new FaultException(FaultKind.Host, "the codespace's own container engine has ended");
    }

    private async Task StartAsync(Codespace codespace, CodespaceFolders folders, EnginePlan plan, CancellationToken cancellationToken)
    {
        var group = GroupOf(codespace);
        await group.EndAsync(TimeSpan.Zero, cancellationToken);
        var container = await DevContainerAsync(codespace, cancellationToken)
            ?? throw new FaultException(FaultKind.Container, "the codespace is not there yet; try again in a moment");
        var workspace = folders.Workspace(codespace.ImageName);
        var started = time.GetTimestamp();
        try
        {
            await rootless.StartAsync(
                folders, plan, container, workspace, group, Machines.LimitsOf(machines.Of(codespace)),
                line => LogFault(codespace.Name, line), cancellationToken);
            LogStarted(codespace.Name, time.GetElapsedTime(started).TotalSeconds);
        }
        catch (Exception exception) when (exception is FaultException or IOException or EngineException)
        {
            LogFault(codespace.Name, exception.Message);
            await group.EndAsync(TimeSpan.Zero, CancellationToken.None);
            throw exception as FaultException ?? new FaultException(FaultKind.Host, exception.Message, exception);
        }
    }

    /// <summary>The container that people work in; null when it does not run.</summary>
    private async Task<EngineContainer?> DevContainerAsync(Codespace codespace, CancellationToken cancellationToken)
    {
        // During a rebuild there may also be the earlier container, which is stopped.
        foreach (var dev in (await containers.OfAsync(codespace, cancellationToken)).Where(own => own.Role == ContainerRole.Dev))
        {
            if (await engine.ContainerAsync(dev.ContainerId, cancellationToken) is { Running: true } running)
            {
                return running;
            }
        }

        return null;
    }

    private async Task InTurnAsync(Codespace codespace, Func<Kept, Task> run, CancellationToken cancellationToken)
    {
        var kept = _kept.GetOrAdd(codespace.Id, _ => new());
        await kept.Turn.WaitAsync(cancellationToken);
        try
        {
            await run(kept);
        }
        finally
        {
            kept.Turn.Release();
        }
    }

    private EngineGroup GroupOf(Codespace codespace) => new(host.Name, codespace.Id, time);

    private EnginePlan? PlanOf(Codespace codespace)
    {
        var path = host.Folders(codespace).DockerPlan;
        return File.Exists(path) ? JsonSerializer.Deserialize<EnginePlan>(File.ReadAllBytes(path)) : null;
    }

    [LoggerMessage(
        Level = LogLevel.Information, Message = "Codespaces: the own container engine of {Codespace} started in {Seconds:0.0} s")]
    private partial void LogStarted(string codespace, double seconds);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Codespaces: the own container engine of {Codespace}: {Reason}")]
    private partial void LogFault(string codespace, string reason);
}
