using System.Data.Common;
using Npgsql;

namespace Berth.Server.Database;

/// <summary>PostgreSQL: a pooled connection and a transaction for each write.</summary>
internal sealed class PostgresDb(string connectionString, IWriteRules rules) : Db(rules)
{
    private const int MostAttempts = 5;
    private readonly NpgsqlDataSource _source = NpgsqlDataSource.Create(Prepared(connectionString));

    internal override Dialect Dialect => Dialect.Postgres;

    public override async Task<T> ReadAsync<T>(Func<DbSession, Task<T>> body, CancellationToken cancellationToken)
    {
        await using var connection = await _source.OpenConnectionAsync(cancellationToken);
        return await body(new DbSession(this, connection, null, cancellationToken));
    }

    /// <summary>
    /// A body does nothing but SQL, so it may run again: after a deadlock with another write, or when a row it was about to refer to went in
    /// the same moment (the collector took a blob, a first publish merged a pending name). The second run sees what is there then.
    /// </summary>
    public override async Task<T> WriteAsync<T>(Func<DbSession, Task<T>> body, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await WriteOnceAsync(body, cancellationToken);
            }
            catch (PostgresException exception) when (attempt < MostAttempts && exception.SqlState is PostgresErrorCodes.DeadlockDetected
                or PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.ForeignKeyViolation)
            {
                cancellationToken.ThrowIfCancellationRequested();
            }
        }
    }

    /// <summary>
    /// The statements are few and run often: each connection keeps their plans, since planning the facts of a decision takes longer than reading them. A connection
    /// string that says otherwise (for a pooler that cannot keep them) is left as it is.
    /// </summary>
    private static string Prepared(string connectionString) => connectionString.Contains("Auto Prepare", StringComparison.OrdinalIgnoreCase)
        ? connectionString
        : new NpgsqlConnectionStringBuilder(connectionString) { MaxAutoPrepare = 200 }.ToString();

    private async Task<T> WriteOnceAsync<T>(Func<DbSession, Task<T>> body, CancellationToken cancellationToken)
    {
        await using var connection = await _source.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var result = await RunAsync(body, new DbSession(this, connection, transaction, cancellationToken));

        // Past this point the change may be there: no cancellation.
        await transaction.CommitAsync(CancellationToken.None);
        return result;
    }

    public override ValueTask DisposeAsync() => _source.DisposeAsync();

    internal override async Task<DbConnection> OpenAsync(CancellationToken cancellationToken) =>
        await _source.OpenConnectionAsync(cancellationToken);
}
