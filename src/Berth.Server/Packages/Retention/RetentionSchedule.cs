using System.Data.Common;
using Berth.Server.Background;
using Berth.Server.Database;
using Berth.Server.Packages.Changes;

namespace Berth.Server.Packages.Retention;

/// <summary>Runs all policies every hour. Several processes may do this at once without harm.</summary>
internal sealed partial class RetentionSchedule(RunRetention run, Db db, TimeProvider time, ILogger<RetentionSchedule> logger)
    : LookAgain(TimeSpan.FromHours(1), time)
{
    protected override ILogger Logger => logger;

    private const int LogKeptDays = 180;

    protected override TimeSpan FirstAfter => TimeSpan.FromMinutes(10);

    /// <summary>Runs once for every package that a policy applies to.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            await db.WriteAsync(
                session => RetentionRunTable.ForgetAsync(session, Time.GetUtcNow().AddDays(-LogKeptDays)), cancellationToken);
            foreach (var package in await db.ReadAsync(session => RetentionTable.PackagesAsync(session), cancellationToken))
            {
                await run.RunAsync(package, PackageChanges.Retention, RunCause.Schedule, null, cancellationToken);
            }
        }
        catch (DbException exception)
        {
            // The next run tries again, and nothing depends on this one.
            LogFailed(exception);
        }
    }

    protected override Task LookAsync(CancellationToken cancellationToken) => RunAsync(cancellationToken);

    [LoggerMessage(Level = LogLevel.Error, Message = "Retention failed; it is tried again in an hour")]
    private partial void LogFailed(Exception exception);
}
