using System.Data.Common;
using Berth.Server.Background;
using Berth.Server.Database;

namespace Berth.Server.Packages.Pulls;

/// <summary>
/// Adds what <see cref="PullCounts"/> counted to the database, every few seconds and when the server stops: nothing is lost then. A server
/// that is killed loses the last seconds.
/// </summary>
internal sealed partial class WritePulls(PullCounts counts, Db db, TimeProvider time, ILogger<WritePulls> logger)
    : LookAgain(TimeSpan.FromSeconds(5), time)
{
    private const int Batch = 500;

    /// <summary>After the last request has ended: the server's sockets close before what runs in the background is told to stop.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await LookAsync(cancellationToken);
    }

    protected override async Task LookAsync(CancellationToken cancellationToken)
    {
        foreach (var some in counts.Take().OrderBy(pair => pair.Key).Chunk(Batch))
        {
            try
            {
                await db.WriteAsync(session => PullTable.AddAsync(session, some), cancellationToken);
            }
            catch (Exception exception) when (exception is DbException or IOException or OperationCanceledException)
            {
                counts.PutBack(some);
                if (exception is not OperationCanceledException)
                {
                    LogFailed(exception, some.Length);
                }
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Pulls of {Versions} versions could not be counted yet; it is tried again")]
    private partial void LogFailed(Exception exception, int versions);
}
