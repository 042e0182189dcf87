using System.Data.Common;

namespace Berth.Server.GarbageCollection;

/// <summary>Runs the collector every half hour, from a few minutes after the start on. With several processes each may run it: it is safe twice.</summary>
internal sealed partial class CollectorSchedule(CollectGarbage collect, TimeProvider time, ILogger<CollectorSchedule> logger) : BackgroundService
{
    private static readonly TimeSpan FirstAfter = TimeSpan.FromMinutes(3);
    private static readonly TimeSpan Every = TimeSpan.FromMinutes(30);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await Task.Delay(FirstAfter, time, stoppingToken);
            using var timer = new PeriodicTimer(Every, time);
            do
            {
                await RunAsync(stoppingToken);
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The server stops.
        }
    }

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            var collected = await collect.RunOnceAsync(cancellationToken);
            if (collected.Any)
            {
                LogCollected(collected.Links, collected.Blobs, collected.Manifests, collected.Packages, collected.Uploads, collected.Strays);
            }
        }
        catch (Exception exception) when (exception is DbException or IOException or UnauthorizedAccessException)
        {
            // The next run tries again; nothing depends on this one.
            LogFailed(exception);
        }
    }

    [LoggerMessage(
        Level = LogLevel.Information,
        Message = "Collected {Links} links, {Blobs} blobs, {Manifests} manifests, {Packages} packages, {Uploads} uploads and {Strays} stray files")]
    private partial void LogCollected(int links, int blobs, int manifests, int packages, int uploads, int strays);

    [LoggerMessage(Level = LogLevel.Error, Message = "Collecting garbage failed; it is tried again in half an hour")]
    private partial void LogFailed(Exception exception);
}
