using System.Data.Common;
using System.Net.Sockets;
using Berth.Server.Background;
using Berth.Server.Database;

namespace Berth.Server.Audit.Streams;

/// <summary>
/// Sends the log to its sinks. It stores its place only after the entries, so after a kill a few are sent twice and none is missing. A sink
/// that was unavailable gets everything when it is back.
/// </summary>
internal sealed partial class StreamAudit(Db db, IEnumerable<IAuditSink> sinks, TimeProvider time, ILogger<StreamAudit> logger)
    : LookAgain(TimeSpan.FromSeconds(5), time)
{
    protected override ILogger Logger => logger;

    private const int Batch = 200;

    private readonly IAuditSink[] _sinks = [.. sinks];

    /// <summary>One for what happened to packages, and one for everything else.</summary>
    private readonly SettledRows[] _settled = [new(time), new(time)];

    /// <summary>Sends each sink what is new to it.</summary>
    public async Task RunOnceAsync(CancellationToken cancellationToken)
    {
        foreach (var sink in _sinks)
        {
            for (var source = 0; source < _settled.Length; source++)
            {
                while (await SomeAsync(sink, source, cancellationToken))
                {
                    // Repeat until everything was sent.
                }
            }
        }
    }

    protected override async Task LookAsync(CancellationToken cancellationToken)
    {
        try
        {
            await RunOnceAsync(cancellationToken);
        }
        catch (Exception exception) when (exception is DbException or IOException or SocketException or UnauthorizedAccessException)
        {
            LogFailed(exception);
        }
    }

    private async Task<bool> SomeAsync(IAuditSink sink, int source, CancellationToken cancellationToken)
    {
        var (position, rows, last) = await db.ReadAsync(
            async session =>
            {
                var at = await StreamTable.PositionAsync(session, sink.Name, source);
                return (at, await AuditTable.AfterAsync(session, source, at, Batch), await AuditTable.LastIdAsync(session, source));
            },
            cancellationToken);
        var some = _settled[source].Of(rows, position, last, row => row.Id);
        if (some.Count == 0)
        {
            return false;
        }

        await sink.WriteAsync(some.ConvertAll(row => row.ToWire()), cancellationToken);
        await db.WriteAsync(session => StreamTable.MoveAsync(session, sink.Name, source, some[^1].Id), cancellationToken);
        return some.Count == Batch;
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The audit log cannot be streamed; it is tried again, and nothing is lost")]
    private partial void LogFailed(Exception exception);
}
