using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;

namespace Berth.Server.Database;

/// <summary>
/// Caches answers from the database until the next committed write. What it returns was true after the last write that was acknowledged
/// when the generation was asked for.
/// </summary>
/// <param name="ofAccess">Only writes that touch access make entries stale.</param>
public sealed class GenerationCache<TKey, TValue>(int capacity, bool ofAccess = false)
    where TKey : notnull
    where TValue : class
{
    private sealed record Entries(long Generation, ConcurrentDictionary<TKey, TValue> Values);

    private Entries _entries = new(-1, new());

    /// <summary>Returns the cached value, or what <paramref name="read"/> finds. A null is not cached.</summary>
    /// <param name="at">Must be asked for before the call, so that a write during the read makes the answer stale, never fresh.</param>
    public ValueTask<TValue?> GetAsync(
        Generation at, TKey key, Func<TKey, CancellationToken, Task<TValue?>> read, CancellationToken cancellationToken) =>
        TryGet(at, key, out var value)
            ? new ValueTask<TValue?>(value)
            : new ValueTask<TValue?>(ReadAsync(at, key, read, cancellationToken));

    public bool TryGet(Generation at, TKey key, [NotNullWhen(true)] out TValue? value)
    {
        var entries = Volatile.Read(ref _entries);
        value = null;
        return entries.Generation == Counted(at) && entries.Values.TryGetValue(key, out value);
    }

    private long? Counted(Generation at) => ofAccess ? at.OfAccess : at.All;

    private async Task<TValue?> ReadAsync(
        Generation at, TKey key, Func<TKey, CancellationToken, Task<TValue?>> read, CancellationToken cancellationToken)
    {
        var value = await read(key, cancellationToken);
        if (Counted(at) is { } generation && value is not null)
        {
            Store(generation, key, value);
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
