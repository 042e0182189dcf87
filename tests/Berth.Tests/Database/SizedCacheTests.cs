using Berth.Server.Database;

namespace Berth.Tests.Database;

public sealed class SizedCacheTests
{
    [Fact]
    public void What_is_remembered_stays_within_its_bytes()
    {
        var cache = new SizedCache<int, byte[]>(mostBytes: 1000, largest: 100);
        for (var i = 0; i < 10_000; i++)
        {
            cache.Add(i, new byte[100], 100);
            Assert.True(cache.TryGet(i, out _));
            Assert.InRange(Enumerable.Range(0, i + 1).TakeLast(50).Count(key => cache.TryGet(key, out _)), 1, 10);
        }
    }

    [Fact]
    public void What_was_added_last_outlives_what_was_added_first()
    {
        var cache = new SizedCache<int, string>(mostBytes: 1000, largest: 100);
        for (var i = 0; i < 11; i++)
        {
            cache.Add(i, "x", 100);
        }

        Assert.False(cache.TryGet(0, out _));
        Assert.True(cache.TryGet(9, out _));
        Assert.True(cache.TryGet(10, out _));
    }

    [Fact]
    public void What_is_too_large_is_not_remembered_and_forgets_nothing_else()
    {
        var cache = new SizedCache<int, string>(mostBytes: 1000, largest: 100);
        cache.Add(1, "x", 100);
        for (var i = 0; i < 100; i++)
        {
            cache.Add(2, "too large", 101);
        }

        Assert.True(cache.TryGet(1, out _));
        Assert.False(cache.TryGet(2, out _));
    }

    [Fact]
    public void The_same_key_counts_once_and_what_is_removed_is_gone()
    {
        var cache = new SizedCache<int, string>(mostBytes: 1000, largest: 100);
        cache.Add(1, "x", 100);
        for (var i = 0; i < 100; i++)
        {
            cache.Add(2, "x", 100);
        }

        Assert.True(cache.TryGet(1, out _));
        cache.Remove(1);
        Assert.False(cache.TryGet(1, out _));
    }
}
