using System.Collections.Concurrent;
using System.Data.Common;
using System.Threading.Channels;
using Berth.Server.Metrics;
using Microsoft.Data.Sqlite;

namespace Berth.Server.Database;

/// <summary>
/// SQLite in WAL mode with <c>synchronous=FULL</c>. One writer takes all waiting writes, runs them in one transaction with a savepoint
/// each, commits once and then answers all of them. So many small pushes share one fsync.
/// </summary>
internal sealed class SqliteDb : Db
{
    private const int LargestBatch = 128;
    private const int WriterCacheKiB = 16_000;

    /// <summary>Each reader keeps a cache of its own. Together they take at most 64 MiB. What they miss is in the system's cache.</summary>
    private const int ReaderCacheKiB = 2000;
    private const int MostIdleReaders = 32;
    private readonly string _connectionString;
    private readonly Channel<PendingWrite> _writes = Channel.CreateUnbounded<PendingWrite>(
        new UnboundedChannelOptions { SingleReader = true });
    private readonly ConcurrentBag<DbConnection> _idleReaders = [];
    private int _idle;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _writer;

    private readonly DatabaseMetrics _metrics;

    public SqliteDb(string path, IWriteRules rules, DatabaseMetrics metrics)
        : base(rules)
    {
        _metrics = metrics;
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        _connectionString = new SqliteConnectionStringBuilder
        {
            DataSource = path,
            ForeignKeys = true,
            Pooling = false,
            DefaultTimeout = 30,
        }.ToString();
        _writer = Task.Run(WriteLoopAsync);
    }

    internal override Dialect Dialect => Dialect.Sqlite;

    public override async Task<T> ReadAsync<T>(Func<DbSession, Task<T>> body, CancellationToken cancellationToken)
    {
        var since = _metrics.Begin();
        if (_idleReaders.TryTake(out var connection))
        {
            Interlocked.Decrement(ref _idle);
        }
        else
        {
            connection = await OpenAsync(ReaderCacheKiB, cancellationToken);
        }

        _metrics.ReadWaited(since);

        try
        {
            return await body(new DbSession(this, connection, null, cancellationToken));
        }
        finally
        {
            await KeepAsync(connection);
        }
    }

    public override async Task<T> WriteAsync<T>(Func<DbSession, Task<T>> body, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var write = new PendingWrite<T>(session => RunAsync(body, session), _metrics.Begin());
        ObjectDisposedException.ThrowIf(!_writes.Writer.TryWrite(write), this);

        return await write.Done.Task;
    }

    public override async ValueTask DisposeAsync()
    {
        _writes.Writer.TryComplete();
        await _writer;
        await _stopping.CancelAsync();
        _stopping.Dispose();
        while (_idleReaders.TryTake(out var reader))
        {
            await reader.DisposeAsync();
        }
    }

    internal override Task<DbConnection> OpenAsync(CancellationToken cancellationToken) => OpenAsync(WriterCacheKiB, cancellationToken);

    private async Task<DbConnection> OpenAsync(int cacheKiB, CancellationToken cancellationToken)
    {
        var connection = new CachingConnection(_connectionString);
        await connection.OpenAsync(cancellationToken);
        await using var setup = connection.CreateCommand();

        // Without temp_store, a query whose parts are used twice (the facts of a decision) opens a file for each part, which took most of
        // its time.
        setup.CommandText = $"""
            pragma journal_mode = wal; pragma synchronous = full; pragma busy_timeout = 30000; pragma cache_size = -{cacheKiB};
              pragma temp_store = memory;
            """;
        await setup.ExecuteNonQueryAsync(cancellationToken);
        return connection;
    }

    /// <summary>A burst opens as many readers as it needs. Most of them are closed afterwards.</summary>
    private async ValueTask KeepAsync(DbConnection connection)
    {
        if (Interlocked.Increment(ref _idle) <= MostIdleReaders)
        {
            _idleReaders.Add(connection);
            return;
        }

        Interlocked.Decrement(ref _idle);
        await connection.DisposeAsync();
    }

    private async Task WriteLoopAsync()
    {
        DbConnection? connection = null;
        var batch = new List<PendingWrite>(LargestBatch);
        while (await _writes.Reader.WaitToReadAsync())
        {
            batch.Clear();
            while (batch.Count < LargestBatch && _writes.Reader.TryRead(out var write))
            {
                batch.Add(write);
            }

            try
            {
                connection ??= await OpenAsync(CancellationToken.None);
                await RunAsync(connection, batch);
            }
            catch (DbException exception)
            {
                // The whole transaction failed (because of a full disk, for example). None of its changes is stored, so every caller is
                // told.
                batch.ForEach(write => write.Fail(exception));
                await CloseAsync(connection);
                connection = null;
            }
        }

        await CloseAsync(connection);
    }

    private async Task RunAsync(DbConnection connection, List<PendingWrite> batch)
    {
        // Begin and end the transaction by hand. When the disk is full, SQLite rolls back by itself, and the driver's transaction then
        // fails to. After a failure the connection is closed, which undoes whatever is left.
        var session = new DbSession(this, connection, null, CancellationToken.None);
        await session.ExecuteAsync("begin immediate");
        var access = false;
        foreach (var write in batch)
        {
            _metrics.WriteWaited(write.Since);
            var own = new DbSession(this, connection, null, CancellationToken.None);
            await session.ExecuteAsync("savepoint one_write");
            var done = await write.RunAsync(own);
            access |= own.Kind != WriteKind.Content;
            await session.ExecuteAsync(done ? "release one_write" : "rollback to one_write; release one_write");
        }

        await session.ExecuteAsync("commit");
        MoveGeneration(access);
        batch.ForEach(write => write.Complete());
    }

    private static async Task CloseAsync(DbConnection? connection)
    {
        if (connection is not null)
        {
            await connection.DisposeAsync();
        }
    }

    private abstract class PendingWrite(long since)
    {
        /// <summary>When it began to wait for the writer.</summary>
        public long Since => since;

        public abstract Task<bool> RunAsync(DbSession session);

        public abstract void Complete();

        public abstract void Fail(Exception exception);
    }

    private sealed class PendingWrite<T>(Func<DbSession, Task<T>> body, long since) : PendingWrite(since)
    {
        private T? _result;
        private Exception? _exception;

        public TaskCompletionSource<T> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public override async Task<bool> RunAsync(DbSession session)
        {
            try
            {
                _result = await body(session);
                return true;
            }
            catch (Exception exception)
                when (exception is not SqliteException { SqliteErrorCode: SqliteFull or SqliteIoError or SqliteCorrupt })
            {
                // The caller gets what the body threw. The other changes of the batch stay.
                _exception = exception;
                return false;
            }
        }

        public override void Complete()
        {
            if (_exception is not null)
            {
                Done.TrySetException(_exception);
            }
            else
            {
                Done.TrySetResult(_result!);
            }
        }

        public override void Fail(Exception exception) => Done.TrySetException(_exception ?? exception);
    }

    // https://www.sqlite.org/rescode.html: these errors end the whole transaction, not only one statement.
    private const int SqliteIoError = 10;
    private const int SqliteCorrupt = 11;
    private const int SqliteFull = 13;
}
