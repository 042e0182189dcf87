using System.Data;
using System.Data.Common;
using Berth.Server.Metrics;
using Npgsql;

namespace Berth.Server.Database;

/// <summary>PostgreSQL, with pooled connections and a transaction for each write.</summary>
/// <remarks>Writes are serializable (https://www.postgresql.org/docs/current/transaction-iso.html), so concurrent writes have the same
/// result as writes one after another. In return PostgreSQL may abort a write because of another one. It is then run again.</remarks>
internal sealed class PostgresDb : Db
{
    private const int MostAttempts = 12;

    /// <summary>
    /// After this many attempts a write runs alone in this process, since a long one would keep losing to short ones. There are few other
    /// processes.
    /// </summary>
    private const int AttemptsBesideOthers = 3;

    /// <summary>
    /// A constraint that fails once may fail because of a row that somebody has just written. The second run sees that row and reports it
    /// in its own words. A constraint that fails again will keep failing.
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
        return await ForgettingAsync(connection, () => body(new DbSession(this, connection, null, cancellationToken)));
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

            // Wait for a random time, so that writes that collided do not collide again.
            var longest = Math.Min(1 << attempt, LongestDelay.TotalMilliseconds);
            await Task.Delay(TimeSpan.FromMilliseconds(Random.Shared.NextDouble() * longest), _time, cancellationToken);
        }
    }

    /// <summary>
    /// Lets each connection keep the plans of its statements. They are few and run often, and planning the facts of a decision takes
    /// longer than reading them, so the second use of a statement prepares it. Nothing else is left in a session: no statement sets
    /// anything beyond its transaction. So there is nothing to reset when a connection goes back to the pool, which would take as long as
    /// a short statement. A connection string that sets one of these itself, such as for a pooler that cannot keep plans, is left as it is.
    /// </summary>
    private static string Prepared(string connectionString)
    {
        var settings = new NpgsqlConnectionStringBuilder(connectionString);
        if (!connectionString.Contains("Auto Prepare", StringComparison.OrdinalIgnoreCase))
        {
            (settings.MaxAutoPrepare, settings.AutoPrepareMinUsages) = (200, 2);
        }

        if (!connectionString.Contains("Reset On Close", StringComparison.OrdinalIgnoreCase))
        {
            settings.NoResetOnClose = true;
        }

        return settings.ToString();
    }

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
        return await ForgettingAsync(
            connection,
            async () =>
            {
                await using var transaction = await connection.BeginTransactionAsync(isolation, cancellationToken);
                var result = await RunAsync(body, new DbSession(this, connection, transaction, cancellationToken));

                // From here on the change may have been made, so nothing is cancelled.
                await transaction.CommitAsync(CancellationToken.None);
                return result;
            });
    }

    /// <summary>
    /// Lets the connection forget what it has prepared when a statement was cancelled. A statement that is cancelled in the moment in which
    /// it is prepared would stay known as prepared, without what its rows look like, and fail at its next use (Npgsql 10.0).
    /// </summary>
    private static async Task<T> ForgettingAsync<T>(NpgsqlConnection connection, Func<Task<T>> run)
    {
        try
        {
            return await run();
        }
        catch (OperationCanceledException)
        {
            if (connection.State == ConnectionState.Open)
            {
                Forget(connection);
            }

            throw;
        }
    }

    private static void Forget(NpgsqlConnection connection)
    {
        try
        {
            connection.UnprepareAll();
        }
        catch (NpgsqlException)
        {
            // Only a connection that is broken does not do so, and the pool drops those.
        }
    }
}
