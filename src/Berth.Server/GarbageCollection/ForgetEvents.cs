using Berth.Server.Audit;
using Berth.Server.Database;
using Berth.Server.Packages.Changes;

namespace Berth.Server.GarbageCollection;

/// <summary>
/// Ends the audit log where it is older than it is kept: what packages recorded, and what else was. A few rows at a time.
/// </summary>
internal sealed class ForgetEvents(Db db, AuditOptions options, TimeProvider time)
{
    private const int Batch = 500;
    private readonly Pace _pace = new(time);

    /// <summary>How many events went.</summary>
    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        var before = time.GetUtcNow() - TimeSpan.FromDays(options.AuditRetentionDays);
        return await InBatchesAsync(session => PackageChanges.ForgetEventsAsync(session, before, Batch), cancellationToken)
            + await InBatchesAsync(session => AuditLog.ForgetAsync(session, before, Batch), cancellationToken);
    }

    private Task<int> InBatchesAsync(Func<DbSession, Task<int>> forget, CancellationToken cancellationToken) =>
        _pace.InBatchesAsync(db, forget, Batch, cancellationToken);
}
