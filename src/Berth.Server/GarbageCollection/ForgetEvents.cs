using Berth.Server.Audit;
using Berth.Server.Database;
using Berth.Server.Packages.Changes;

namespace Berth.Server.GarbageCollection;

/// <summary>
/// Removes records that are older than the audit log is kept: what packages recorded, other entries, and pulls. It removes a few rows at a
/// time.
/// </summary>
internal sealed class ForgetEvents(Db db, AuditOptions options, TimeProvider time)
{
    private const int Batch = 500;
    private readonly Pace _pace = new(time);

    /// <summary>Returns how many events were removed.</summary>
    public async Task<int> RunAsync(CancellationToken cancellationToken) =>
        await ForgetAsync(options.AuditRetentionDays, PackageChanges.ForgetEventsAsync, cancellationToken)
        + await ForgetAsync(options.AuditRetentionDays, Others(reads: false), cancellationToken)
        + await ForgetAsync(options.AuditPullRetentionDays, Others(reads: true), cancellationToken);

    private static Func<DbSession, DateTimeOffset, int, Task<int>> Others(bool reads) =>
        (session, before, most) => AuditLog.ForgetAsync(session, reads, before, most);

    private Task<int> ForgetAsync(
        double days, Func<DbSession, DateTimeOffset, int, Task<int>> forget, CancellationToken cancellationToken)
    {
        var before = time.GetUtcNow() - TimeSpan.FromDays(days);
        return _pace.InBatchesAsync(db, session => forget(session, before, Batch), Batch, cancellationToken);
    }
}
