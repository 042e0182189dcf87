using System.Data.Common;
using System.Net.Sockets;
using Berth.Server.Background;
using Berth.Server.Database;

namespace Berth.Server.Audit.Streams;

/// <summary>
/// Brings the log to its sinks. Entries first, place second: after a kill a few come twice and none is missing; a sink that is away is told
/// everything when it is back.
/// </summary>
internal sealed partial class StreamAudit(Db db, IEnumerable<IAuditSink> sinks, TimeProvider time, ILogger<StreamAudit> logger)
    : LookAgain(TimeSpan.FromSeconds(5), time)
{
    protected override ILogger Logger => logger;

    private const int Batch = 200;

    private readonly IAuditSink[] _sinks = [.. sinks];

    /// <summary>Of what happened to packages, and of everything else.</summary>
    private readonly SettledRows[] _settled = [new(time), new(time)];

    /// <summary>What is new to every sink.</summary>
    public async Task RunOnceAsync(CancellationToken cancellationToken)
    {
        foreach (var sink in _sinks)
        {
            for (var source = 0; source < _settled.Length; source++)
            {
                while (await SomeAsync(sink, source, cancellationToken))
                {
                    // Until all is there.
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
