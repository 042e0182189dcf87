using System.Collections.Concurrent;
using System.Data.Common;

namespace Berth.Server.Database;

/// <summary>
/// The database: reads on pooled connections, writes in transactions. One SQL text runs on SQLite and PostgreSQL.
/// </summary>
/// <remarks>
/// A body given to <see cref="WriteAsync{T}"/> does nothing but SQL. On SQLite it runs on the one writer, in a transaction shared with
/// its neighbours (group commit), so waiting for anything else there would hold up every other write. On PostgreSQL it may run several
/// times, so whatever else it did would be done several times. Whatever writes meet, the outcome on both is that of one after the other.
/// The returned task ends when the change is durable.
/// </remarks>
public abstract class Db(IWriteRules rules) : IAsyncDisposable
{
    internal const int MostLargeReads = 2;

    // Every statement's text is a constant of the program, so there are as many as there are places that write.
    private readonly ConcurrentDictionary<string, WriteKind> _kinds = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _largeReads = new(MostLargeReads);
    private long _generation;
    private long _accessGeneration;

    internal abstract Dialect Dialect { get; }

    /// <summary>For tests that count: hears every statement before it runs.</summary>
    internal Action<string>? Listener { get; set; }

    /// <summary>For tests that count: whether <see cref="GenerationCache{TKey,TValue}"/> remembers anything.</summary>
    internal bool Remembers { get; set; } = true;

    /// <summary>
    /// The state that the database is in, for <see cref="GenerationCache{TKey,TValue}"/>. Writes are counted where this process is the only
    /// one that writes (SQLite); elsewhere the database is asked.
    /// </summary>
    public ValueTask<Generation> GenerationAsync(CancellationToken cancellationToken) =>
        Remembers ? NowAsync(cancellationToken) : default;

    public abstract Task<T> ReadAsync<T>(Func<DbSession, Task<T>> body, CancellationToken cancellationToken);

    /// <summary>
    /// For values of megabytes. Both databases take a whole value into memory to cut a piece out of it, so a few of these run at a time,
    /// however many ask.
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
    /// For the few writes that many clients do at once and that conflict in name only, such as layers that arrive under one name: on
    /// PostgreSQL each statement sees what is committed when it begins. So the body's first write takes the row that orders it among
    /// others, or it is a single statement. Decision 2 lists who may.
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

    /// <summary>A connection of its own with nothing begun, for migrations.</summary>
    internal abstract Task<DbConnection> OpenAsync(CancellationToken cancellationToken);

    internal WriteKind KindOf(string sql) => _kinds.GetOrAdd(sql, rules.KindOf);

    /// <summary>A write's statements, and then what its kind brings with it. For use inside the write's transaction.</summary>
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
