using System.Collections.Concurrent;
using System.Data.Common;

namespace Berth.Server.Database;

/// <summary>The database. Reads use pooled connections, writes use transactions. The same SQL runs on SQLite and PostgreSQL.</summary>
/// <remarks>A body given to <see cref="WriteAsync{T}"/> may only run SQL. On SQLite it runs on the single writer, in a transaction that it
/// shares with other writes (group commit), so waiting for anything else would delay all of them. On PostgreSQL it may run several times,
/// so anything else would be done several times. On both, concurrent writes have the same result as writes one after another. The returned
/// task ends when the change is durable.</remarks>
public abstract class Db(IWriteRules rules) : IAsyncDisposable
{
    internal const int MostLargeReads = 2;

    // Every statement's text is a constant of the program, so there are as many entries as places that write.
    private readonly ConcurrentDictionary<string, WriteKind> _kinds = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _largeReads = new(MostLargeReads);
    private long _generation;
    private long _accessGeneration;

    internal abstract Dialect Dialect { get; }

    /// <summary>For tests that count: called with every statement before it runs.</summary>
    internal Action<string>? Listener { get; set; }

    /// <summary>For tests that count: whether <see cref="GenerationCache{TKey,TValue}"/> caches anything.</summary>
    internal bool Remembers { get; set; } = true;

    /// <summary>
    /// The present state of the database, for <see cref="GenerationCache{TKey,TValue}"/>. If this process is the only writer (SQLite), it
    /// counts its writes. Otherwise the database is asked.
    /// </summary>
    public ValueTask<Generation> GenerationAsync(CancellationToken cancellationToken) =>
        Remembers ? NowAsync(cancellationToken) : default;

    public abstract Task<T> ReadAsync<T>(Func<DbSession, Task<T>> body, CancellationToken cancellationToken);

    /// <summary>
    /// For values of megabytes. Both databases load a whole value into memory to return a piece of it, so only a few of these reads run at
    /// a time.
    /// </summary>
    public async Task<T> ReadLargeAsync<T>(Func<DbSession, Task<T>> body, CancellationToken cancellationToken)
    {
        await _largeReads.WaitAsync(cancellationToken);
        try
        {
            return await ReadAsync(body, cancellationToken);
        }
        finally
        {
            _largeReads.Release();
        }
    }

    public abstract Task<T> WriteAsync<T>(Func<DbSession, Task<T>> body, CancellationToken cancellationToken);

    /// <summary>
    /// For the few writes that many clients make at the same time and that conflict only formally, such as layers that arrive under one
    /// name. On PostgreSQL each statement sees what is committed when it begins. Therefore the body's first write must lock the row that
    /// orders it among the others, or the body must be a single statement. Decision 2 lists who may use this.
    /// </summary>
    public virtual Task<T> WriteUnderLocksAsync<T>(Func<DbSession, Task<T>> body, CancellationToken cancellationToken) =>
        WriteAsync(body, cancellationToken);

    public Task WriteAsync(Func<DbSession, Task> body, CancellationToken cancellationToken) =>
        WriteAsync(Answering(body), cancellationToken);

    public Task WriteUnderLocksAsync(Func<DbSession, Task> body, CancellationToken cancellationToken) =>
        WriteUnderLocksAsync(Answering(body), cancellationToken);

    private static Func<DbSession, Task<bool>> Answering(Func<DbSession, Task> body) => async session =>
    {
        await body(session);
        return true;
    };

    public abstract ValueTask DisposeAsync();

    /// <summary>A separate connection with no transaction, for migrations.</summary>
    internal abstract Task<DbConnection> OpenAsync(CancellationToken cancellationToken);

    internal WriteKind KindOf(string sql) => _kinds.GetOrAdd(sql, rules.KindOf);

    /// <summary>Runs a write's statements, and then what its kind requires, inside the write's transaction.</summary>
    private protected async Task<T> RunAsync<T>(Func<DbSession, Task<T>> body, DbSession session)
    {
        var result = await body(session);
        if (session.Kind == WriteKind.Roles)
        {
            await rules.RolesChangedAsync(session);
        }

        return result;
    }

    private protected virtual ValueTask<Generation> NowAsync(CancellationToken cancellationToken) =>
        new(new Generation(Volatile.Read(ref _generation), Volatile.Read(ref _accessGeneration)));

    protected void MoveGeneration(bool access)
    {
        Interlocked.Increment(ref _generation);
        if (access)
        {
            Interlocked.Increment(ref _accessGeneration);
        }
    }
}
