using System.Data.Common;
using Berth.Server.Codespaces.Engine;

namespace Berth.Server.Codespaces.Builds;

/// <summary>
/// Removes what builds and codespaces left on the engine and the machine: when the server starts, after every build that was cut off, and
/// once an hour.
/// </summary>
internal sealed partial class WatchImages(
    BuiltImages images, BuildGroups groups, RunningBuilds running, TimeProvider time, ILogger<WatchImages> logger)
    : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromHours(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        var (tick, ended) = (Task.CompletedTask, running.LeftOver.WaitToReadAsync(stoppingToken).AsTask());
        try
        {
            while (true)
            {
                await (await Task.WhenAny(tick, ended));
                var patiently = running.LeftOver.TryRead(out _);
                await RunOnceAsync(patiently, stoppingToken);
                if (tick.IsCompleted)
                {
                    tick = timer.WaitForNextTickAsync(stoppingToken).AsTask();
                }

                if (ended.IsCompleted)
                {
                    ended = running.LeftOver.WaitToReadAsync(stoppingToken).AsTask();
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The server stops.
        }
    }

    private async Task RunOnceAsync(bool patiently, CancellationToken cancellationToken)
    {
        try
        {
            await images.SweepAsync(patiently, cancellationToken);
            groups.RemoveLeftOver();
        }
        catch (Exception exception) when (exception is EngineException or DbException)
        {
            LogWaits(exception.Message);
        }
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "Codespaces: images that were left behind cannot be taken away: {Reason}")]
    private partial void LogWaits(string reason);
}
