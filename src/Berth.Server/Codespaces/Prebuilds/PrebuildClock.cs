using System.Data.Common;
using Berth.Server.Background;
using Berth.Server.Database;

namespace Berth.Server.Codespaces.Prebuilds;

/// <summary>Begins prebuilds that are due, and removes old ones.</summary>
internal sealed partial class PrebuildClock(
    Db db, TimeProvider time, BeginPrebuild begin, TrimPrebuilds trim, ILogger<PrebuildClock> logger)
    : LookAgain(TimeSpan.FromSeconds(20), time)
{
    protected override ILogger Logger => logger;

    protected override async Task LookAsync(CancellationToken cancellationToken)
    {
        try
        {
            await RunOnceAsync(cancellationToken);
        }
        catch (Exception exception) when (exception is DbException or IOException)
        {
            LogFailed(exception);
        }
    }

    public async Task RunOnceAsync(CancellationToken cancellationToken)
    {
        var now = Time.GetUtcNow();
        foreach (var one in await db.ReadAsync(session => PrebuildConfigurationTable.WaitingAsync(session, now), cancellationToken))
        {
            if (one.NextRunAt <= now)
            {
                var next = one.Schedule is { } text ? PrebuildSchedule.Parse(text)?.After(now) : null;
                if (await db.WriteAsync(session => PrebuildConfigurationTable.TakeTurnAsync(session, one, next), cancellationToken))
                {
                    await begin.RunAsync(one.Id, PrebuildCause.Schedule, null, cancellationToken);
                }
            }
            else if (one.Again is { } cause)
            {
                await begin.RunAsync(one.Id, cause, null, cancellationToken);
            }
        }

        await trim.RunOnceAsync(cancellationToken);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Codespaces: prebuilds are looked at again later")]
    private partial void LogFailed(Exception exception);
}
