using System.Net;
using Berth.Server.Database;
using Berth.Server.Http;
using Berth.Server.Oci;
using Berth.Server.Storage;
using Berth.Tests.Database.Pairs;
using Berth.Tests.TestServer;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Berth.Tests.Http;

/// <summary>Storage that is full, broken or read-only: three answers and three lines in the log.</summary>
public sealed class StorageFaultTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(28, StorageFault.Full)]
    [InlineData(122, StorageFault.Full)]
    [InlineData(5, StorageFault.Broken)]
    [InlineData(117, StorageFault.Broken)]
    [InlineData(30, StorageFault.ReadOnly)]
    [InlineData(2, null)]
    [InlineData(unchecked((int)0x80131620), null)]
    public void Files_fail_with_an_errno(int errno, StorageFault? fault) =>
        Assert.Equal(fault, StorageFaults.Of(new IOException("told", errno)));

    [Theory]
    [InlineData(13, 13, StorageFault.Full)]
    [InlineData(10, 4874, StorageFault.Full)]       // SQLITE_IOERR_SHMSIZE
    [InlineData(10, 266, StorageFault.Broken)]      // SQLITE_IOERR_READ
    [InlineData(10, 778, StorageFault.Broken)]      // SQLITE_IOERR_WRITE
    [InlineData(10, 1034, StorageFault.Broken)]     // SQLITE_IOERR_FSYNC
    [InlineData(10, 3082, null)]                    // SQLITE_IOERR_NOMEM
    [InlineData(8, 8, StorageFault.ReadOnly)]
    [InlineData(8, 1032, StorageFault.ReadOnly)]    // SQLITE_READONLY_DBMOVED
    [InlineData(19, 2067, null)]
    public void SQLite_fails_with_a_code(int code, int extended, StorageFault? fault) =>
        Assert.Equal(fault, StorageFaults.Of(new SqliteException("told", code, extended)));

    [Theory]
    [InlineData("53100", StorageFault.Full)]
    [InlineData("58030", StorageFault.Broken)]
    [InlineData("40001", null)]
    public void PostgreSQL_fails_with_a_state(string state, StorageFault? fault) =>
        Assert.Equal(fault, StorageFaults.Of(new PostgresException("told", "ERROR", "ERROR", state)));

    [Theory]
    [InlineData(28, 507, "STORAGE_FULL", "Storage is full")]
    [InlineData(5, 500, "STORAGE_FAILED", "Storage fails")]
    [InlineData(30, 503, "STORAGE_READ_ONLY", "Storage can only be read")]
    public async Task An_upload_to_such_a_disk_hears_what_is_wrong(int errno, int status, string code, string line)
    {
        var log = new Lines();
        await using var server = await BerthServer.StartAsync(builder =>
        {
            builder.Services.Replace(ServiceDescriptor.Singleton<IUploadStore>(new FailingStore(errno)));
            builder.Logging.AddProvider(log);
        });
        var user = await server.UserAsync();
        var reply = await RegistryRequests.PushBlobAsync(user, $"{user.Login}/app", "layer");
        Assert.Equal((HttpStatusCode)status, reply.Status);
        Assert.Equal(code, reply["errors"][0].GetProperty("code").GetString());
        Assert.Contains(log.All, text => text.StartsWith(line, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_database_that_is_full_refuses_and_recovers()
    {
        Assert.SkipWhen(TestDatabase.IsPostgres, "PostgreSQL cannot be told to be full");
        await using var server = await BerthServer.StartAsync();
        var user = await server.UserAsync();
        var name = $"{user.Login}/app";
        await RegistryRequests.PushBlobAsync(user, name, "{}");
        var refused = await AnswerAsync(
            server, "pragma max_page_count = 1", HttpStatusCode.InsufficientStorage,
            tag => RegistryRequests.PutManifestAsync(user, name, tag, RegistryRequests.Manifest("{}", new string('n', 1_000_000))));
        Assert.Equal(
            (HttpStatusCode.InsufficientStorage, "STORAGE_FULL"), (refused.Status, refused["errors"][0].GetProperty("code").GetString()));

        // The connection with that setting is closed after the failure.
        Assert.Equal(
            HttpStatusCode.Created,
            (await RegistryRequests.PutManifestAsync(
                user, name, "v1", RegistryRequests.Manifest("{}", new string('n', 1_000_000)))).Status);
    }

    [Fact]
    public async Task A_database_that_can_only_be_read_says_so()
    {
        Assert.SkipWhen(TestDatabase.IsPostgres, "PostgreSQL's administrator decides that");
        await using var server = await BerthServer.StartAsync();
        var refused = await AnswerAsync(
            server, "pragma query_only = 1", HttpStatusCode.ServiceUnavailable,
            login => server.Administrator().SendAsync("POST", "/admin/users", $$"""{"login":"{{login}}"}"""));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.Status);
        Assert.Contains("can only be read", refused.Message, StringComparison.Ordinal);
    }

    /// <summary>
    /// Returns the answer that comes once the writer's connection has the setting. The server's background work may write first. Then that
    /// write is refused and the connection is closed, so the setting is made again.
    /// </summary>
    private static async Task<Reply> AnswerAsync(
        BerthServer server, string pragma, HttpStatusCode expected, Func<string, Task<Reply>> request)
    {
        Reply reply;
        var tries = 0;
        do
        {
            await server.Services.GetRequiredService<Db>().WriteAsync(session => session.ExecuteAsync(pragma), Token);
            reply = await request($"try-{++tries}");
        }
        while (reply.Status != expected && tries < 20);

        return reply;
    }

    /// <summary>A disk that accepts no writes.</summary>
    private sealed class FailingStore(int errno) : IUploadStore
    {
        public ValueTask<long> LengthAsync(StorageKey upload, CancellationToken cancellationToken) => ValueTask.FromResult(0L);

        public Task<AppendResult> AppendAsync(
            StorageKey upload, long offset, Stream content, long? expectedLength, long limit, string algorithm,
            CancellationToken cancellationToken) =>
            throw new IOException("told", errno);

        public Task<CommitResult> CommitAsync(StorageKey upload, Digest expected, CancellationToken cancellationToken) =>
            throw new IOException("told", errno);

        public Task DiscardAsync(StorageKey upload, CancellationToken cancellationToken) => Task.CompletedTask;

        public IAsyncEnumerable<StorageKey> ListAsync(DateTimeOffset untouchedSince, CancellationToken cancellationToken) =>
            AsyncEnumerable.Empty<StorageKey>();
    }

    /// <summary>Collects what was logged.</summary>
    private sealed class Lines : ILoggerProvider, ILogger
    {
        private readonly System.Collections.Concurrent.ConcurrentQueue<string> _lines = new();

        public IEnumerable<string> All => _lines;

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            _lines.Enqueue(formatter(state, exception));

        public void Dispose()
        {
        }
    }
}
