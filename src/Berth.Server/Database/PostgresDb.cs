using System.Data;
using System.Data.Common;
using Berth.Server.Metrics;
using Npgsql;

namespace Berth.Server.Database;

/// <summary>PostgreSQL: a pooled connection and a transaction for each write.</summary>
/// <remarks>
/// Writes are serializable (https://www.postgresql.org/docs/current/transaction-iso.html): whatever meets, the outcome is that of one after
/// the other. The price is that PostgreSQL may end a write because of another one, and then it is begun again.
/// </remarks>
internal sealed class PostgresDb : Db
{
    private const int MostAttempts = 12;

    /// <summary>
    /// After these a write runs alone in this process, since a long one would go on losing to short ones. Other processes are few.
    /// </summary>
    private const int AttemptsBesideOthers = 3;

    /// <summary>
    /// A row that stands in the way once may just have been written by somebody: the second run sees it and has its own words for it. One
    /// that stands in the way again will go on doing so.
    /// </summary>
    private const int MostAttemptsAtConstraints = 3;
    private static readonly TimeSpan LongestDelay = TimeSpan.FromMilliseconds(64);

    private readonly NpgsqlDataSource _source;
    private readonly PostgresGenerations _generations;
    private readonly DatabaseMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly WriteGate _gate = new();

    public PostgresDb(string connectionString, IWriteRules rules, DatabaseMetrics metrics, TimeProvider time)
        : base(rules)
    {
        _source = NpgsqlDataSource.Create(Prepared(connectionString));
        _generations = new PostgresGenerations(_source, time);
        (_metrics, _time) = (metrics, time);
    }

    internal override Dialect Dialect => Dialect.Postgres;

    public override async Task<T> ReadAsync<T>(Func<DbSession, Task<T>> body, CancellationToken cancellationToken)
    {
        var since = _metrics.Begin();
        await using var connection = await _source.OpenConnectionAsync(cancellationToken);
        _metrics.ReadWaited(since);
        return await body(new DbSession(this, connection, null, cancellationToken));
    }

    public override Task<T> WriteAsync<T>(Func<DbSession, Task<T>> body, CancellationToken cancellationToken) =>
        AttemptAsync(
            attempt => attempt <= AttemptsBesideOthers
                ? _gate.BesideOthersAsync(() => OnceAsync(IsolationLevel.Serializable, body, cancellationToken), cancellationToken)
                : _gate.AloneAsync(() => OnceAsync(IsolationLevel.Serializable, body, cancellationToken), cancellationToken),
            cancellationToken);

    public override Task<T> WriteUnderLocksAsync<T>(Func<DbSession, Task<T>> body, CancellationToken cancellationToken) =>
        AttemptAsync(_ => OnceAsync(IsolationLevel.ReadCommitted, body, cancellationToken), cancellationToken);

    public override async ValueTask DisposeAsync()
    {
        await _source.DisposeAsync();
        _gate.Dispose();
    }

    internal override async Task<DbConnection> OpenAsync(CancellationToken cancellationToken) =>
        await _source.OpenConnectionAsync(cancellationToken);

    private protected override ValueTask<Generation> NowAsync(CancellationToken cancellationToken) =>
        _generations.NowAsync(cancellationToken);

    private async Task<T> AttemptAsync<T>(Func<int, Task<T>> run, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await run(attempt);
            }
            catch (PostgresException exception) when (attempt < AttemptsAfter(exception.SqlState))
            {
                cancellationToken.ThrowIfCancellationRequested();
            }

            // At random, so that those who met do not meet again.
            var longest = Math.Min(1 << attempt, LongestDelay.TotalMilliseconds);
            await Task.Delay(TimeSpan.FromMilliseconds(Random.Shared.NextDouble() * longest), _time, cancellationToken);
        }
    }

    /// <summary>
    /// The statements are few and run often: each connection keeps their plans, since planning the facts of a decision takes longer than
    /// reading them. A connection string that says otherwise (for a pooler that cannot keep them) is left as it is.
    /// </summary>
    private static string Prepared(string connectionString) => connectionString.Contains("Auto Prepare", StringComparison.OrdinalIgnoreCase)
        ? connectionString
        : new NpgsqlConnectionStringBuilder(connectionString) { MaxAutoPrepare = 200 }.ToString();

    private static int AttemptsAfter(string sqlState) => sqlState switch
    {
        PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.DeadlockDetected => MostAttempts,
        PostgresErrorCodes.UniqueViolation or PostgresErrorCodes.ForeignKeyViolation => MostAttemptsAtConstraints,
        _ => 0,
    };

    private async Task<T> OnceAsync<T>(IsolationLevel isolation, Func<DbSession, Task<T>> body, CancellationToken cancellationToken)
    {
        var since = _metrics.Begin();
        await using var connection = await _source.OpenConnectionAsync(cancellationToken);
        _metrics.WriteWaited(since);
        await using var transaction = await connection.BeginTransactionAsync(isolation, cancellationToken);
        var result = await RunAsync(body, new DbSession(this, connection, transaction, cancellationToken));

        // Past this point the change may be there: no cancellation.
        await transaction.CommitAsync(CancellationToken.None);
        return result;
    }
}
