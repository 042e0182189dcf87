using Berth.Server.Codespaces.Engine;

namespace Berth.Server.Codespaces.Builds;

/// <summary>
/// Enforces limits on a build that the engine's build call cannot express: how many processes there may be, and how much they may write
/// into layers, into volumes of their image, and by copies. It hears of every container that is made on the engine, and knows the build's
/// by the control group that the call named. It sets the limit of each before or while the command starts.
/// </summary>
internal sealed partial class BuildWatch : IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);
    private const int Tries = 20;
    private readonly IContainerEngine _engine;
    private readonly TimeProvider _time;
    private readonly string _group;
    private readonly int _processes;
    private readonly long _bytes;
    private readonly IAsyncEnumerable<string> _creations;
    private readonly EngineDisk _disk;
    private readonly CancellationTokenSource _ended = new();
    private readonly CancellationTokenSource _exceeded = new();
    private readonly Task _watching;

    private BuildWatch(
        IContainerEngine engine, TimeProvider time, string group, int processes, long bytes, IAsyncEnumerable<string> creations)
    {
        (_engine, _time, _group, _processes, _bytes, _creations) = (engine, time, group, processes, bytes, creations);
        _disk = new EngineDisk(engine);
        _watching = Task.WhenAll(LimitAsync(), MeasureAsync(), AddLayersAsync());
    }

    /// <summary>The build has written more than it may, or cannot be watched any more.</summary>
    public CancellationToken Exceeded => _exceeded.Token;

    /// <summary>What the build did that it may not. Null when it was ended because the engine refused its limit.</summary>
    public string? TooMuch { get; private set; }

    /// <param name="group">The parent control group of the build's containers. No other build call names it.</param>
    /// <param name="processes">The limit of one command. Threads count.</param>
    /// <param name="bytes">The limit of all commands together, counted four times a second.</param>
    public static async Task<BuildWatch> StartAsync(
        IContainerEngine engine, TimeProvider time, string group, int processes, long bytes, CancellationToken cancellationToken) =>
        new(engine, time, group, processes, bytes, await engine.CreationsAsync(cancellationToken));

    public async ValueTask DisposeAsync()
    {
        await _ended.CancelAsync();
        await _watching;
        _ended.Dispose();
        _exceeded.Dispose();
    }

    private async Task LimitAsync()
    {
        try
        {
            await foreach (var id in _creations.WithCancellation(_ended.Token))
            {
                if (await OwnAsync(id) is { } own)
                {
                    _written[id] = new Written(own, 0, 0);
                    await LimitAsync(id);
                }
            }

            await StopAsync();
        }
        catch (Exception exception)
            when (exception is OperationCanceledException or IOException or HttpRequestException or ObjectDisposedException
                or EngineException)
        {
            await StopAsync();
        }
    }

    /// <summary>Finds a container of the build. It tries again, since the engine may fail to describe one that is being removed.</summary>
    /// <returns>Null when the container is not the build's.</returns>
    private async Task<EngineContainer?> OwnAsync(string id)
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                return await _engine.ContainerAsync(id, _ended.Token) is { } container && container.CgroupParent == _group
                    ? container
                    : null;
            }
            catch (EngineException exception) when (exception.Status >= 400 && tries < Tries)
            {
                await Task.Delay(Pause, _time, _ended.Token);
            }
        }
    }

    /// <summary>
    /// Sets the limit of a container. The engine refuses it while the container is about to start or end, so this tries again. A container
    /// that has ended needs no limit.
    /// </summary>
    private async Task LimitAsync(string id)
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                await _engine.LimitProcessesAsync(id, _processes, _ended.Token);
                return;
            }
            catch (EngineException) when (tries < Tries)
            {
                if (await _engine.ContainerAsync(id, _ended.Token) is not { HasEnded: false })
                {
                    return;
                }
            }
        }
    }

    /// <summary>Ends the build, since none may go on without limits. Does nothing when it has ended already.</summary>
    private async Task StopAsync()
    {
        if (!_ended.IsCancellationRequested)
        {
            await _exceeded.CancelAsync();
        }
    }
}
