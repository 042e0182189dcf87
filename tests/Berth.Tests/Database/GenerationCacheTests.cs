using Berth.Server.Database;
using Berth.Tests.TestServer;

namespace Berth.Tests.Database;

/// <summary>
/// The cache of a database that another process may write to. On PostgreSQL two instances use the database, on SQLite one.
/// </summary>
public sealed class GenerationCacheTests : IAsyncLifetime
{
    private const string Key = "generation-cache";
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("berth-generations-");
    private TestDatabase? _database;
    private Db? _db;
    private Db? _other;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _database = await TestDatabase.CreateAsync(_folder.FullName);
        _db = BareDatabase.Open(_database.Setting);
        await BareDatabase.Migrator(_db).RunAsync(Cancel);
        _other = TestDatabase.IsPostgres ? BareDatabase.Open(_database.Setting) : _db;
    }

    public async ValueTask DisposeAsync()
    {
        await _db!.DisposeAsync();
        if (_other != _db)
        {
            await _other!.DisposeAsync();
        }

        await _database!.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task What_was_acknowledged_elsewhere_is_never_read_late()
    {
        var cache = new GenerationCache<string, object>(capacity: 10);
        var acknowledged = 0L;
        var over = false;
        var readers = Enumerable.Range(0, 4).Select(async _ =>
        {
            while (!Volatile.Read(ref over))
            {
                await Task.Yield();
                var least = Interlocked.Read(ref acknowledged);
                var seen = (long)(await cache.GetAsync(await _db!.GenerationAsync(Cancel), Key, CountAsync, Cancel))!;
                Assert.True(seen >= least, $"{least} were acknowledged, {seen} were seen");
            }
        }).ToList();
        for (var i = 0; i < 200; i++)
        {
            await InsertAsync(i);
            Interlocked.Increment(ref acknowledged);

            // Write in runs with pauses, so that readers see a database with and without writes.
            if (i % 20 == 19)
            {
                var seen = (long)(await cache.GetAsync(await _db!.GenerationAsync(Cancel), Key, CountAsync, Cancel))!;
                Assert.Equal(i + 1, seen);
                Assert.Equal(seen, await cache.GetAsync(await _db!.GenerationAsync(Cancel), Key, CountAsync, Cancel));
            }
        }

        Volatile.Write(ref over, true);
        await Task.WhenAll(readers);
    }

    [Fact]
    public async Task While_nobody_writes_an_answer_is_remembered()
    {
        var cache = new GenerationCache<string, object>(capacity: 10);
        var (reads, asked) = (0, 0);
        async Task<object?> Read(string key, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref reads);
            return await CountAsync(key, cancellationToken);
        }

        // Other tests write to databases of the same cluster, which only costs a read.
        while (reads == asked)
        {
            asked++;
            Assert.Equal(0L, await cache.GetAsync(await _db!.GenerationAsync(Cancel), Key, Read, Cancel));
        }

        Assert.True(reads >= 1);
        await InsertAsync(0);
        Assert.Equal(1L, await cache.GetAsync(await _db!.GenerationAsync(Cancel), Key, Read, Cancel));
    }

    private async Task<object?> CountAsync(string key, CancellationToken cancellationToken) => await _db!.ReadAsync<object>(
        async session => await session.SingleAsync<long>(
            "select count(*) from login_failures where subject like @like", new { like = key + "%" }),
        cancellationToken);

    private Task InsertAsync(int number) => _other!.WriteAsync(
        session => session.ExecuteAsync(
            "insert into login_failures (subject, failures, last_at) values (@subject, 1, 0)", new { subject = $"{Key}-{number}" }),
        Cancel);
}
