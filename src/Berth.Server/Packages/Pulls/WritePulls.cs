using System.Data.Common;
using System.Globalization;
using Berth.Server.Access;
using Berth.Server.Audit;
using Berth.Server.Background;
using Berth.Server.Database;

namespace Berth.Server.Packages.Pulls;

/// <summary>
/// Writes what <see cref="PullCounts"/> and <see cref="PullLog"/> hold to the database, every few seconds and when the server stops. A
/// normal stop loses nothing. A server that is killed loses the last seconds.
/// </summary>
internal sealed partial class WritePulls(
    PullCounts counts, PullLog log, AuditLog audit, Db db, TimeProvider time, ILogger<WritePulls> logger)
    : LookAgain(TimeSpan.FromSeconds(5), time)
{
    protected override ILogger Logger => logger;

    private const int Batch = 500;
    private static readonly ChangeActor Server = ChangeActor.Background("server");

    /// <summary>Writes after the last request has ended, because the server closes its sockets before it stops background work.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await LookAsync(cancellationToken);
    }

    protected override async Task LookAsync(CancellationToken cancellationToken)
    {
        var (pulls, dropped) = log.Take();
        List<KeyValuePair<long, PullTally>> tallies = [.. counts.Take().OrderBy(pair => pair.Key)];
        await InBatchesAsync(tallies, PullTable.AddAsync, counts.PutBack, cancellationToken);
        await InBatchesAsync(pulls, RecordAsync, some => log.PutBack(some, dropped: 0), cancellationToken);
        if (dropped > 0)
        {
            LogDropped(dropped);
            await InBatchesAsync([dropped], RecordDroppedAsync, _ => log.PutBack([], dropped), cancellationToken);
        }
    }

    private static async Task RecordAsync(DbSession session, IReadOnlyList<PullRecord> pulls)
    {
        foreach (var pull in pulls)
        {
            await AuditLog.RecordAsync(session, pull.Actor, pull.Entry, pull.At);
        }
    }

    /// <summary>Records in the audit log how many pulls are missing from it.</summary>
    private Task RecordDroppedAsync(DbSession session, IReadOnlyList<long> dropped) => audit.RecordAsync(
        session, Server, new AuditEntry("audit_log.pulls_dropped") { New = dropped[0].ToString(CultureInfo.InvariantCulture) });

    /// <summary>Writes each batch in its own transaction. If one fails, it and the rest wait for the next look.</summary>
    private async Task InBatchesAsync<T>(
        IReadOnlyList<T> all, Func<DbSession, IReadOnlyList<T>, Task> write, Action<IReadOnlyCollection<T>> putBack,
        CancellationToken cancellationToken)
    {
        for (var done = 0; done < all.Count; done += Batch)
        {
            try
            {
                IReadOnlyList<T> some = [.. all.Skip(done).Take(Batch)];
                await db.WriteAsync(session => write(session, some), cancellationToken);
            }
            catch (Exception exception) when (exception is DbException or IOException or OperationCanceledException)
            {
                putBack([.. all.Skip(done)]);
                if (exception is not OperationCanceledException)
                {
                    LogFailed(exception, all.Count - done);
                }

                return;
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Count} counts and records of pulls could not be written yet; it is tried again")]
    private partial void LogFailed(Exception exception, int count);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Dropped} pulls are missing in the audit log: more came than could be written")]
    private partial void LogDropped(long dropped);
}
