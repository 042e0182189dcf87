using System.Diagnostics.Metrics;

namespace Berth.Server.Metrics;

/// <summary>
/// Measures how long reads and writes wait for their turn: for the single writer of SQLite, or for a connection to PostgreSQL.
/// </summary>
internal sealed class DatabaseMetrics(IMeterFactory meters, TimeProvider time)
{
    public const string MeterName = "Berth";
    public const string WaitName = "berth.db.wait";
    private static readonly KeyValuePair<string, object?> Read = new("operation", "read");
    private static readonly KeyValuePair<string, object?> Write = new("operation", "write");
    private readonly Histogram<double> _waits =
        meters.Create(MeterName).CreateHistogram<double>(WaitName, "s", "How long reads and writes waited for their turn at the database");

    /// <summary>The time when a wait begins.</summary>
    public long Begin() => time.GetTimestamp();

    public void ReadWaited(long since) => _waits.Record(time.GetElapsedTime(since).TotalSeconds, Read);

    public void WriteWaited(long since) => _waits.Record(time.GetElapsedTime(since).TotalSeconds, Write);
}
