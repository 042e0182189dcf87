using Npgsql;

namespace Berth.Tests.TestServer;

/// <summary>A fresh, empty database: a file in the given folder, or a database of its own on the PostgreSQL server of the test run.</summary>
public sealed class TestDatabase : IAsyncDisposable
{
    private readonly string? _serverConnection;
    private readonly string? _name;

    private TestDatabase(string setting, string? serverConnection, string? name)
    {
        Setting = setting;
        _serverConnection = serverConnection;
        _name = name;
    }

    /// <summary>For <c>BERTH_DATABASE</c>.</summary>
    public string Setting { get; }

    public static bool IsPostgres => Server is not null;

    private static string? Server => Environment("BERTH_TEST_DATABASE") is { } text && text.StartsWith("postgres:", StringComparison.Ordinal)
        ? text["postgres:".Length..]
        : null;

    public static async Task<TestDatabase> CreateAsync(string folder)
    {
        if (Server is not { } server)
        {
            return new TestDatabase("sqlite:" + Path.Combine(folder, "berth.db"), null, null);
        }

        var name = "berth_" + Guid.CreateVersion7().ToString("N");
        await ExecuteAsync(server, $"create database {name}");
        var own = new NpgsqlConnectionStringBuilder(server) { Database = name, MaxPoolSize = 20 };
        return new TestDatabase("postgres:" + own.ConnectionString, server, name);
    }

    public async ValueTask DisposeAsync()
    {
        if (_serverConnection is not null)
        {
            await ExecuteAsync(_serverConnection, $"drop database if exists {_name} with (force)");
        }
    }

    private static async Task ExecuteAsync(string connectionString, string sql)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

#pragma warning disable RS0030 // Tests are configured by their script, through the environment.
    private static string? Environment(string name) => System.Environment.GetEnvironmentVariable(name);
#pragma warning restore RS0030
}
