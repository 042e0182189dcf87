using Berth.Server.Database;
using Berth.Tests.TestServer;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Berth.Tests.Database;

public sealed class DbTests(SharedServer shared)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private Db Db => shared.Server.Services.GetRequiredService<Db>();

    [Fact]
    public async Task A_failed_write_changes_nothing_and_leaves_its_neighbours_alone()
    {
        var prefix = Guid.CreateVersion7().ToString("N");
        var writes = Enumerable.Range(0, 40).Select(i => Record.ExceptionAsync(() => Db.WriteAsync(
            async session =>
            {
                await Insert(session, $"{prefix}-{i}");
                if (i % 4 == 0)
                {
                    throw new InvalidOperationException($"{i}");
                }
            },
            Token)).AsTask());
        var results = await Task.WhenAll(writes);
        Assert.Equal(
            Enumerable.Range(0, 40).Where(i => i % 4 == 0).Select(i => $"{i}"),
            results.OfType<InvalidOperationException>().Select(e => e.Message));
        var there = await Db.ReadAsync(
            session => session.QueryAsync<string>(
                "select subject from login_failures where subject like @like", new { like = prefix + "%" }),
            Token);
        Assert.Equal(30, there.Count);
    }

    [Fact]
    public async Task A_failing_statement_is_its_own_writers_error_only()
    {
        var name = Guid.CreateVersion7().ToString("N");
        await Db.WriteAsync(session => Insert(session, name), Token);
        var results = await Task.WhenAll(Enumerable.Range(0, 10).Select(i => Record.ExceptionAsync(
            () => Db.WriteAsync(session => Insert(session, i == 5 ? name : $"{name}-{i}"), Token)).AsTask()));
        Assert.Equal([5], results.Select((e, i) => (e, i)).Where(r => r.e is not null).Select(r => r.i));
    }

    /// <summary>A connection prepares a statement at its second use, and that may be the use that fails.</summary>
    [Fact]
    public async Task A_statement_that_has_failed_works_afterwards()
    {
        var name = Guid.CreateVersion7().ToString("N");
        const string Returning = "insert into login_failures (subject, failures, last_at) values (@subject, 1, 0) returning subject";
        Task<string> InsertAsync(string subject) =>
            Db.WriteAsync(session => session.SingleAsync<string>(Returning, new { subject }), Token);
        Assert.Equal(name, await InsertAsync(name));
        Assert.NotNull(await Record.ExceptionAsync(() => InsertAsync(name)));
        for (var i = 0; i < 5; i++)
        {
            Assert.Equal($"{name}-{i}", await InsertAsync($"{name}-{i}"));
        }
    }

    /// <summary>A statement that is cancelled while it is prepared would fail at its next use.</summary>
    [Fact]
    public async Task A_connection_forgets_what_it_has_prepared_when_a_statement_is_cancelled()
    {
        if (PostgresDatabases.OfRun is not { } postgres)
        {
            Assert.Skip("connections to SQLite prepare nothing by themselves");
            return;
        }

        var name = await postgres.TakeAsync();
        var setting = new NpgsqlConnectionStringBuilder(postgres.ConnectionTo(name)) { MaxPoolSize = 1 };
        await using (var db = BareDatabase.Open($"postgres:{setting.ConnectionString}"))
        {
            // Each text is another statement, of which none is used twice.
            Task<long> PreparedAsync(string column) => db.ReadAsync(
                session => session.SingleAsync<long>($"select count(*) as {column} from pg_prepared_statements"), Token);
            async Task<long> SleepAsync(double seconds, CancellationToken token) => await db.ReadAsync(
                session => session.SingleAsync<long>("select 7 from (select pg_sleep(@seconds)) as slept", new { seconds }), token);
            await SleepAsync(0, Token);
            await SleepAsync(0, Token);
            Assert.InRange(await PreparedAsync("before"), 1, long.MaxValue);
            using var ended = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => SleepAsync(60, ended.Token));
            Assert.Equal(0, await PreparedAsync("after"));
            Assert.Equal(7, await SleepAsync(0, Token));
        }

        await postgres.GiveBackAsync(name);
    }

    [Fact]
    public async Task Large_values_are_read_a_few_at_a_time()
    {
        var (inHand, most) = (0, 0);
        await Task.WhenAll(Enumerable.Range(0, 30).Select(_ => Task.Run(
            () => Db.ReadLargeAsync(
                async session =>
                {
                    var now = Interlocked.Increment(ref inHand);
                    InterlockedMax(ref most, now);
                    await session.QueryAsync<long>("select 1");
                    Interlocked.Decrement(ref inHand);
                    return now;
                },
                Token),
            Token)));
        Assert.InRange(most, 1, Db.MostLargeReads);

        static void InterlockedMax(ref int value, int candidate)
        {
            for (var seen = Volatile.Read(ref value); candidate > seen; seen = Volatile.Read(ref value))
            {
                Interlocked.CompareExchange(ref value, candidate, seen);
            }
        }
    }

    [Fact]
    public async Task A_long_write_is_not_lost_among_short_ones()
    {
        var prefix = Guid.CreateVersion7().ToString("N");
        var over = false;
        var others = Enumerable.Range(0, 8).Select(async i =>
        {
            for (var n = 0; !Volatile.Read(ref over); n++)
            {
                await Db.WriteAsync(session => CountAndInsert(session, $"{prefix}-{i}-{n}", counts: 1), Token);
            }
        }).ToList();
        await Db.WriteAsync(session => CountAndInsert(session, prefix, counts: 50), Token);
        Volatile.Write(ref over, true);
        await Task.WhenAll(others);
    }

    [Fact]
    public async Task What_was_written_is_read_by_the_next_reader()
    {
        var cache = new GenerationCache<string, object>(capacity: 10);
        var name = Guid.CreateVersion7().ToString("N");
        async Task<object?> Count(string key, CancellationToken token) =>
            await Db.ReadAsync<object>(
                async session => await session.SingleAsync<long>("select count(*) from login_failures where subject = @key", new { key }),
                token);

        Assert.Equal(0L, await cache.GetAsync(await Db.GenerationAsync(Token), name, Count, Token));
        await Db.WriteAsync(session => Insert(session, name), Token);
        Assert.Equal(1L, await cache.GetAsync(await Db.GenerationAsync(Token), name, Count, Token));
    }

    [Fact]
    public async Task Names_sort_by_bytes_on_both_databases()
    {
        var prefix = Guid.CreateVersion7().ToString("N");
        foreach (var suffix in new[] { "b", "a", "B", "_", "1" })
        {
            await Db.WriteAsync(session => Insert(session, prefix + suffix), Token);
        }

        var sorted = await Db.ReadAsync(
            session => session.QueryAsync<string>(
                "select subject from login_failures where subject like @like order by subject", new { like = prefix + "%" }),
            Token);
        Assert.Equal(["1", "B", "_", "a", "b"], sorted.Select(s => s[^1..]));
    }

    [Fact]
    public async Task Migrations_run_once()
    {
        await shared.Server.Services.GetRequiredService<Migrator>().RunAsync(Token);
        var names = await Db.ReadAsync(session => session.QueryAsync<string>("select name from migrations order by number"), Token);
        Assert.Equal(names.Distinct(StringComparer.Ordinal), names);
        Assert.Equal("0001_accounts_and_access.sql", names[0]);
    }

    /// <summary>Others change what it counts, so PostgreSQL cannot find an order for both.</summary>
    private static async Task CountAndInsert(DbSession session, string subject, int counts)
    {
        for (var i = 0; i < counts; i++)
        {
            await session.SingleAsync<long>("select count(*) from login_failures");
        }

        await Insert(session, subject);
    }

    private static Task<int> Insert(DbSession session, string subject) => session.ExecuteAsync(
        "insert into login_failures (subject, failures, last_at) values (@subject, 1, 0)", new { subject });
}
