using Berth.Server.Background;
using Berth.Server.Codespaces.Engine;
using Berth.Server.Faults;

namespace Berth.Server.Codespaces.Workspaces;

/// <summary>
/// Stops codespaces that write more into their containers' own layers than they may. If the layers lie on the codespace's disk, this is a
/// second limit. If they cannot (<see cref="ContainerLayers"/>), it is the only one, and counts files too. What was written stays until the
/// codespace is rebuilt or deleted.
/// </summary>
internal sealed partial class WatchContainers(
    CodespaceRows rows, CodespaceHost host, CodespaceContainers containers, IContainerEngine engine, Machines machines,
    Reconciler reconciler, TimeProvider time, ILogger<WatchContainers> logger)
    : LookAgain(TimeSpan.FromSeconds(2), time)
{
    protected override ILogger Logger => logger;

    private readonly EngineDisk _disk = new(engine);

    /// <summary>The time between counts, since the engine counts file by file, which is slow.</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(30);

    private const long Drop = 1L << 30;
    private const long DropOfFiles = 50_000;

    private long _counted = time.GetTimestamp();
    private DiskRoom? _room;

    /// <summary>Asks the kernel for the room on the disk, which is quick.</summary>
    protected override async Task LookAsync(CancellationToken cancellationToken)
    {
        var now = await _disk.RoomAsync(cancellationToken);
        if (IsDue(Time.GetElapsedTime(_counted), _room, now))
        {
            await RunOnceAsync(cancellationToken);
            (_counted, _room) = (Time.GetTimestamp(), now);
        }

        // More room is no reason to count.
        _room = _room is { } before && now is { } present
            ? new DiskRoom(Math.Max(before.Bytes, present.Bytes), Math.Max(before.Files, present.Files))
            : _room ?? now;
    }

    /// <summary>A count is due every half minute, and at once when the engine's disk fills quickly, whatever fills it.</summary>
    /// <param name="before">The room at the last count. Null: not known.</param>
    internal static bool IsDue(TimeSpan since, DiskRoom? before, DiskRoom? now) =>
        since >= Interval
            || (before is { } room && now is { } present && room.Lost(present) is { Bytes: >= Drop } or { Files: >= DropOfFiles });

    /// <summary>Counts once.</summary>
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
        var (written, files) = (0L, 0L);
        var most = machines.MostWrittenBytes(codespace);
        var bounded = ContainerLayers.ContainersOf(host.Folders(codespace));
        foreach (var container in await containers.OfAsync(codespace, cancellationToken))
        {
            written += await engine.WrittenAsync(container.ContainerId, cancellationToken) ?? 0;
            if (!bounded.Contains(container.ContainerId)
                && await engine.ContainerAsync(container.ContainerId, cancellationToken) is { Layer: { } layer })
            {
                files += WrittenFiles.Count(Path.Combine(layer, "diff"), WrittenFiles.MostFor(most), cancellationToken).Files;
            }
        }

        if (written <= most && files <= WrittenFiles.MostFor(most))
        {
            return;
        }

        var notice = Fault.Shown(
            written > most
                ? $"stopped: it has written {written / (double)(1L << 30):0.0} GB outside its workspace, more than "
                    + $"the {most / (double)(1L << 30):0.0} GB it may"
                : $"stopped: it has made more than {WrittenFiles.MostFor(most):N0} files outside its workspace",
            "rebuild it, and write less or into the workspace");
        await rows.WantStopAsync(codespace, notice, cancellationToken);
        reconciler.Wake(codespace.Id);
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "Codespaces: what containers have written cannot be counted: {Reason}")]
    private partial void LogWaits(string reason);
}
