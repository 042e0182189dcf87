using Berth.Server.Codespaces.Engine;
using Berth.Server.Faults;

namespace Berth.Server.Codespaces.Workspaces;

/// <summary>
/// Stops codespaces that write more outside their workspace than they may: a container's own layer lies on the engine's disk and has no
/// size there. What was written stays until the codespace is rebuilt or deleted.
/// </summary>
internal sealed partial class WatchContainers(
    CodespaceRows rows, CodespaceHost host, CodespaceContainers containers, IContainerEngine engine, Machines machines,
    Reconciler reconciler, TimeProvider time, ILogger<WatchContainers> logger)
    : BackgroundService
{
    private string? _folder;

    /// <summary>The engine counts file by file, which is not for every moment.</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(30);

    /// <summary>How much room there is says the kernel at once.</summary>
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(2);

    private const long Drop = 1L << 30;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Look, time);
        var (counted, room) = (time.GetTimestamp(), (long?)null);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                var now = await RoomAsync(stoppingToken);
                if (IsDue(time.GetElapsedTime(counted), room, now))
                {
                    await RunOnceAsync(stoppingToken);
                    (counted, room) = (time.GetTimestamp(), now);
                }

                // Room that somebody makes is no reason to look.
                room = now > room ? now : room ?? now;
            }
        }
        catch (OperationCanceledException)
        {
            // The server stops.
        }
    }

    /// <summary>Every half minute, and at once when the engine's disk fills quickly, whoever does it.</summary>
    /// <param name="before">The room that there was then; null: not known.</param>
    internal static bool IsDue(TimeSpan since, long? before, long? now) => since >= Interval || before - now >= Drop;

    /// <summary>Of the engine's disk; null when it is not known: no engine, or one in another place.</summary>
    private async Task<long?> RoomAsync(CancellationToken cancellationToken)
    {
        try
        {
            _folder ??= (await engine.FactsAsync(cancellationToken)).Folder;
            return Directory.Exists(_folder) ? new DriveInfo(_folder).AvailableFreeSpace : null;
        }
        catch (Exception exception) when (exception is EngineException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            return null;
        }
    }

    /// <summary>One count.</summary>
    public async Task RunOnceAsync(CancellationToken cancellationToken)
    {
        try
        {
            foreach (var codespace in await rows.AllOfHostAsync(host.Name, cancellationToken))
            {
                if (codespace.Desired == CodespaceDesire.Available
                    && (codespace.State == CodespaceState.Available || CodespaceState.IsStarting(codespace.State)))
                {
                    await LookAsync(codespace, cancellationToken);
                }
            }
        }
        catch (Exception exception) when (exception is EngineException or FaultException or System.Data.Common.DbException)
        {
            LogWaits(exception.Message);
        }
    }

    private async Task LookAsync(Codespace codespace, CancellationToken cancellationToken)
    {
        long written = 0;
        foreach (var container in await containers.OfAsync(codespace, cancellationToken))
        {
            written += await engine.WrittenAsync(container.ContainerId, cancellationToken) ?? 0;
        }

        var most = machines.MostWrittenBytes(codespace);
        if (written <= most)
        {
            return;
        }

        var notice = Fault.Shown(
            $"stopped: it has written {written / (double)(1L << 30):0.0} GB outside its workspace, more than "
                + $"the {most / (double)(1L << 30):0.0} GB it may",
            "rebuild it, and write less or into the workspace");
        await rows.WantStopAsync(codespace, notice, cancellationToken);
        reconciler.Wake(codespace.Id);
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "Codespaces: what containers have written cannot be counted: {Reason}")]
    private partial void LogWaits(string reason);
}
