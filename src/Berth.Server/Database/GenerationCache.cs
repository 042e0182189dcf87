using System.Collections.Concurrent;

namespace Berth.Server.Database;

/// <summary>
/// Remembers answers read from the database until the next committed write. Where this process is the only writer it counts them itself;
/// elsewhere it asks the database first. Whatever it returns was true after the last write that was acknowledged when it was asked.
/// </summary>
/// <param name="ofAccess">Only writes that touch access count.</param>
public sealed class GenerationCache<TKey, TValue>(Db db, int capacity, bool ofAccess = false)
    where TKey : notnull
    where TValue : class
{
    private sealed record Entries(long Generation, ConcurrentDictionary<TKey, TValue> Values);

    private Entries _entries = new(-1, new());

    private long? Generation => ofAccess ? db.AccessGeneration : db.Generation;

    public ValueTask<TValue?> GetAsync(TKey key, Func<TKey, CancellationToken, Task<TValue?>> read, CancellationToken cancellationToken) =>
        TryGet(key, out var value) ? new ValueTask<TValue?>(value) : new ValueTask<TValue?>(ReadAsync(key, read, cancellationToken));

    /// <summary>Without waiting: false also where the database would have to be asked.</summary>
    public bool TryGet(TKey key, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out TValue? value)
    {
        value = null;
        return Generation is { } now && TryGet(now, key, out value);
    }

    private bool TryGet(long now, TKey key, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out TValue? value)
    {
        var entries = Volatile.Read(ref _entries);
        value = null;
        return entries.Generation == now && entries.Values.TryGetValue(key, out value);
    }

    private async Task<TValue?> ReadAsync(TKey key, Func<TKey, CancellationToken, Task<TValue?>> read, CancellationToken cancellationToken)
    {
        // The generation is taken before the read: a write that lands in between makes this answer stale, never wrongly fresh.
        var generation = await db.GenerationAsync(ofAccess, cancellationToken);
        if (generation is { } now && TryGet(now, key, out var known))
        {
            return known;
        }

        var value = await read(key, cancellationToken);
        if (generation is { } then && value is not null)
        {
            Store(then, key, value);
        }

        return value;
    }

    private void Store(long generation, TKey key, TValue value)
    {
        var entries = Volatile.Read(ref _entries);
        if (entries.Generation < generation || entries.Values.Count >= capacity)
        {
            var fresh = new Entries(generation, new());
            entries = Interlocked.CompareExchange(ref _entries, fresh, entries) == entries ? fresh : Volatile.Read(ref _entries);
        }

        if (entries.Generation == generation)
        {
            entries.Values[key] = value;
        }
    }
}
