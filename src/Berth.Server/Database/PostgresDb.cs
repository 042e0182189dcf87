using System.Data.Common;
using Npgsql;

namespace Berth.Server.Database;

/// <summary>PostgreSQL: a pooled connection and a transaction for each write.</summary>
internal sealed class PostgresDb(string connectionString) : Db
{
    private readonly NpgsqlDataSource _source = NpgsqlDataSource.Create(connectionString);

    internal override Dialect Dialect => Dialect.Postgres;

    public override async Task<T> ReadAsync<T>(Func<DbSession, Task<T>> body, CancellationToken cancellationToken)
    {
        await using var connection = await _source.OpenConnectionAsync(cancellationToken);
        return await body(new DbSession(connection, null, cancellationToken));
    }

    public override async Task<T> WriteAsync<T>(Func<DbSession, Task<T>> body, CancellationToken cancellationToken)
    {
        await using var connection = await _source.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var result = await body(new DbSession(connection, transaction, cancellationToken));

        // Past this point the change may be there: no cancellation.
        await transaction.CommitAsync(CancellationToken.None);
        return result;
    }

    public override ValueTask DisposeAsync() => _source.DisposeAsync();

    internal override async Task<DbConnection> OpenAsync(CancellationToken cancellationToken) =>
        await _source.OpenConnectionAsync(cancellationToken);
}
