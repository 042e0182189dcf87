using Npgsql;

namespace Berth.Tests.TestServer;

/// <summary>
/// Locks a table of PostgreSQL so that it can be read and not written. Writes that have begun wait for it and continue together, which
/// makes the order of a race certain. On SQLite, where writes run one after another anyway, it does nothing.
/// </summary>
public sealed class HeldTable : IAsyncDisposable
{
    private readonly string? _setting;
    private readonly NpgsqlConnection? _connection;
    private readonly NpgsqlTransaction? _transaction;

    private HeldTable(string? setting, NpgsqlConnection? connection, NpgsqlTransaction? transaction)
    {
        _setting = setting;
        _connection = connection;
        _transaction = transaction;
    }

    public static async Task<HeldTable> HoldAsync(BerthServer server, string table)
    {
        if (!TestDatabase.IsPostgres)
        {
            return new HeldTable(null, null, null);
        }

        var setting = server.DatabaseSetting["postgres:".Length..];
        var connection = new NpgsqlConnection(setting);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        var transaction = await connection.BeginTransactionAsync(TestContext.Current.CancellationToken);
        await using var command = new NpgsqlCommand($"lock table {table} in share row exclusive mode", connection, transaction);
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        return new HeldTable(setting, connection, transaction);
    }

    /// <summary>Ends when each of the requests waits, for the table or for another request, or is answered.</summary>
    public async Task UntilWaitingAsync(params Task[] requests)
    {
        if (_connection is null)
        {
            return;
        }

        // Within a transaction PostgreSQL repeats its first answer, so ask outside the transaction that locks the table.
        await using var watch = new NpgsqlConnection(_setting);
        await watch.OpenAsync(TestContext.Current.CancellationToken);
        await using var command = new NpgsqlCommand(
            "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'", watch);
        while ((long)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))! < requests.Count(
            request => !request.IsCompleted))
        {
            await Task.Yield();
        }
    }

    /// <summary>Lets them continue.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_connection is not null)
        {
            await _transaction!.RollbackAsync();
            await _connection.DisposeAsync();
        }
    }
}
