using System.Data.Common;
using Berth.Server.Background;
using Berth.Server.Metrics;

namespace Berth.Server.GarbageCollection;

/// <summary>
/// Runs the collector every half hour, beginning a few minutes after the start. Several processes may run it at once without harm.
/// </summary>
internal sealed partial class CollectorSchedule(
    CollectGarbage collect, ForgetEvents forget, BerthMetrics metrics, TimeProvider time, ILogger<CollectorSchedule> logger)
    : LookAgain(TimeSpan.FromMinutes(30), time)
{
    protected override ILogger Logger => logger;

    protected override TimeSpan FirstAfter => TimeSpan.FromMinutes(3);

    protected override Task LookAsync(CancellationToken cancellationToken) => RunAsync(cancellationToken);

    private readonly SemaphoreSlim _turn = new(1);

    /// <summary>The last or present run of this process.</summary>
    public CollectorRun? Last { get; private set; }

    /// <summary>Runs once, counts and logs. If a run is in progress, that one is returned.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        if (!await _turn.WaitAsync(0, cancellationToken))
        {
            return;
        }

        try
        {
            Last = new CollectorRun(Time.GetUtcNow(), null, null);
            var collected = await CollectAsync(cancellationToken);
            Last = Last with { FinishedAt = Time.GetUtcNow(), Collected = collected };
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Null when the run failed.</summary>
    private async Task<Collected?> CollectAsync(CancellationToken cancellationToken)
    {
        try
        {
            var collected = await collect.RunOnceAsync(cancellationToken);
            await forget.RunAsync(cancellationToken);
            metrics.CollectorRan(succeeded: true);
            Count(collected);
            if (collected.Any)
            {
                LogCollected(
                    collected.Links, collected.Blobs, collected.Bytes, collected.Manifests, collected.Packages, collected.Uploads,
                    collected.Strays);
            }

            return collected;
        }
        catch (Exception exception) when (exception is DbException or IOException or UnauthorizedAccessException)
        {
            // The next run tries again, and nothing depends on this one.
            metrics.CollectorRan(succeeded: false);
            LogFailed(exception);
            return null;
        }
    }

    private void Count(Collected collected)
    {
        metrics.Collected("manifest", collected.Manifests);
        metrics.Collected("package", collected.Packages);
        metrics.Collected("link", collected.Links);
        metrics.Collected("blob", collected.Blobs);
        metrics.Collected("upload", collected.Uploads);
        metrics.Collected("stray", collected.Strays);
        metrics.BlobBytesCollected(collected.Bytes);
    }

    [LoggerMessage(
        Level = LogLevel.Information,
        Message = "Collected {Links} links, {Blobs} blobs ({Bytes} bytes), {Manifests} manifests, {Packages} packages, {Uploads} uploads "
            + "and {Strays} stray files")]
    private partial void LogCollected(int links, int blobs, long bytes, int manifests, int packages, int uploads, int strays);

    [LoggerMessage(Level = LogLevel.Error, Message = "Collecting garbage failed; it is tried again in half an hour")]
    private partial void LogFailed(Exception exception);
}

/// <summary>One run of the collector.</summary>
/// <param name="FinishedAt">Null while it runs.</param>
/// <param name="Collected">Null while it runs, and when it failed.</param>
internal sealed record CollectorRun(DateTimeOffset StartedAt, DateTimeOffset? FinishedAt, Collected? Collected);
