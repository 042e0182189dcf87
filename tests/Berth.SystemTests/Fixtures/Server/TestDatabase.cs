using Npgsql;

namespace Berth.SystemTests.Fixtures.Server;

/// <summary>A separate database on the test run's PostgreSQL server. If there is none, the server uses its own SQLite file.</summary>
internal sealed class TestDatabase : IAsyncDisposable
{
    private readonly string? _connection;
    private readonly string? _name;

    private TestDatabase(string? setting, string? connection, string? name)
    {
        Setting = setting;
        _connection = connection;
        _name = name;
    }

    /// <summary>The value of <c>BERTH_DATABASE</c>. Null means SQLite.</summary>
    public string? Setting { get; }

    public static async Task<TestDatabase> CreateAsync(string? server)
    {
        if (server?.StartsWith("postgres:", StringComparison.Ordinal) is not true)
        {
            return new TestDatabase(null, null, null);
        }

        var connection = server["postgres:".Length..];
        var name = "berth_" + Guid.CreateVersion7().ToString("N");
        await ExecuteAsync(connection, $"create database {name}");
        var own = new NpgsqlConnectionStringBuilder(connection) { Database = name, MaxPoolSize = 20 };
        return new TestDatabase("postgres:" + own.ConnectionString, connection, name);
    }

    public async ValueTask DisposeAsync()
    {
        if (_connection is not null)
        {
            await ExecuteAsync(_connection, $"drop database if exists {_name} with (force)");
        }
    }

    private static async Task ExecuteAsync(string connection, string sql)
    {
        await using var open = new NpgsqlConnection(connection);
        await open.OpenAsync();
        await using var command = new NpgsqlCommand(sql, open);
        await command.ExecuteNonQueryAsync();
    }
}
