using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Berth.Server.Database;
using Berth.Server.Metrics;
using Berth.Server.Authentication;
using Berth.Tests.TestServer;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

[assembly: AssemblyFixture(typeof(EndOfRun))]

namespace Berth.Tests.TestServer;

/// <summary>
/// The databases of a run on a PostgreSQL server. The first is migrated and becomes the template of the others. When a test has ended, its
/// database is emptied for the next one, which is many times faster than dropping it and creating another.
/// </summary>
internal sealed class PostgresDatabases(string server) : IAsyncDisposable
{
    private const string Empty = """
        do $$
        declare item record;
        begin
            -- Without triggers, foreign keys among them: the tables go empty in any order.
            set local session_replication_role = replica;
            for item in select tablename as name from pg_tables where schemaname = 'public' and tablename <> 'migrations' loop
                execute format('delete from public.%I', item.name);
            end loop;
            for item in select sequencename as name from pg_sequences where schemaname = 'public' loop
                perform setval(format('public.%I', item.name), 1, false);
            end loop;
        end
        $$
        """;

    private readonly ConcurrentBag<string> _idle = [];
    private readonly SemaphoreSlim _making = new(1);
    private string? _template;
    private bool _over;

    /// <summary>Null when the run is on SQLite.</summary>
    public static PostgresDatabases? OfRun { get; } =
        Environment("BERTH_TEST_DATABASE") is { } text && text.StartsWith("postgres:", StringComparison.Ordinal)
            ? new PostgresDatabases(text["postgres:".Length..])
            : null;

    public string ConnectionTo(string database) =>
        new NpgsqlConnectionStringBuilder(server) { Database = database, MaxPoolSize = 20 }.ConnectionString;

    public async Task<string> TakeAsync() => _idle.TryTake(out var name) ? name : await CreateAsync();

    /// <summary>A database without tables, for a test that migrates it itself. It is dropped, not reused.</summary>
    public Task<string> CreateBlankAsync() => CreateAsync("template1");

    public Task DropAsync(string name) => ExecuteAsync(Unpooled(null), $"drop database if exists {name} with (force)");

    public async ValueTask GiveBackAsync(string name)
    {
        if (_over)
        {
            await DropAsync(name);
            return;
        }

        await ExecuteAsync(Unpooled(name), Empty);
        _idle.Add(name);
    }

    /// <summary>Drops the databases that no test has. The others are dropped when they are returned.</summary>
    public async ValueTask DisposeAsync()
    {
        _over = true;
        while (_idle.TryTake(out var name))
        {
            await DropAsync(name);
        }

        if (_template is not null)
        {
            await DropAsync(_template);
        }

        _making.Dispose();
    }

    private async Task<string> CreateAsync()
    {
        await _making.WaitAsync();
        try
        {
            if (_template is null)
            {
                _template = await CreateAsync("template1");
                await using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
                var metrics = new DatabaseMetrics(services.GetRequiredService<IMeterFactory>(), TimeProvider.System);
                await using var db = new PostgresDb(Unpooled(_template), new EndLostTokens(), metrics, TimeProvider.System);
                await new Migrator(db, TimeProvider.System, NullLogger<Migrator>.Instance).RunAsync(CancellationToken.None);
            }

            return await CreateAsync(_template);
        }
        finally
        {
            _making.Release();
        }
    }

    private async Task<string> CreateAsync(string template)
    {
        var name = "berth_" + Guid.CreateVersion7().ToString("N");
        await ExecuteAsync(Unpooled(null), $"create database {name} template {template}");
        return name;
    }

    /// <summary>Disables the pool, which would keep connections to a database that is about to be copied or dropped.</summary>
    private string Unpooled(string? database)
    {
        var own = new NpgsqlConnectionStringBuilder(server) { Pooling = false };
        own.Database = database ?? own.Database;
        return own.ConnectionString;
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

/// <summary>Drops what the run has created on a PostgreSQL server.</summary>
public sealed class EndOfRun : IAsyncDisposable
{
    public ValueTask DisposeAsync() => PostgresDatabases.OfRun?.DisposeAsync() ?? ValueTask.CompletedTask;
}
