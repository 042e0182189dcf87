using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;

namespace Berth.Server.Database;

/// <summary>
/// Caches what never changes, up to a number of bytes. When the newer half is full, the older one is dropped. Values that are used often
/// are read again now and then, and the others disappear.
/// </summary>
/// <param name="largest">Larger values are not cached.</param>
internal sealed class SizedCache<TKey, TValue>(long mostBytes, long largest)
    where TKey : notnull
    where TValue : class
{
    private readonly Lock _turning = new();
    private volatile ConcurrentDictionary<TKey, TValue> _newer = new();
    private volatile ConcurrentDictionary<TKey, TValue> _older = new();
    private long _newerBytes;

    public bool TryGet(TKey key, [NotNullWhen(true)] out TValue? value) =>
        _newer.TryGetValue(key, out value) || _older.TryGetValue(key, out value);

    public void Add(TKey key, TValue value, long bytes)
    {
        if (bytes > largest)
        {
            return;
        }

        lock (_turning)
        {
            if (_newerBytes + bytes > mostBytes / 2)
            {
                (_older, _newer, _newerBytes) = (_newer, new(), 0);
            }

            _newerBytes += _newer.TryAdd(key, value) ? bytes : 0;
        }
    }

    public void Remove(TKey key)
    {
        // The estimate is not corrected. A removed entry only makes the half full a little earlier.
        _newer.TryRemove(key, out _);
        _older.TryRemove(key, out _);
    }
}
