using Berth.Server.Database;
using Berth.Tests.TestServer;

namespace Berth.Tests.Database;

/// <summary>Which rows of a table count as read when ids appear out of order.</summary>
public sealed class SettledRowsTests
{
    private readonly ManualTimeProvider _time = new();
    private readonly SettledRows _settled;

    public SettledRowsTests() => _settled = new SettledRows(_time);

    [Fact]
    public void What_follows_without_a_gap_is_read_at_once() => Assert.Equal([8, 9, 10], Read(7, 8, 9, 10));

    [Fact]
    public void Nothing_behind_a_gap_is_read_while_it_may_close()
    {
        Assert.Equal([8], Read(7, 8, 10, 11));
        _time.Advance(TimeSpan.FromSeconds(59));
        Assert.Empty(Read(8, 10, 11));
        Assert.Equal([9, 10, 11], Read(8, 9, 10, 11));
    }

    [Fact]
    public void A_gap_is_passed_when_what_is_behind_it_was_seen_a_minute_ago()
    {
        Assert.Empty(Read(7, 9, 12));
        _time.Advance(TimeSpan.FromSeconds(30));
        Assert.Empty(Read(7, 9, 12, 14));
        _time.Advance(TimeSpan.FromSeconds(31));
        Assert.Equal([9, 12], Read(7, 9, 12, 14));
        _time.Advance(TimeSpan.FromSeconds(30));
        Assert.Equal([14], Read(12, 14));
    }

    /// <summary>The first sight of a row counts, however many readers look and however often.</summary>
    [Fact]
    public void Looking_again_and_again_does_not_hold_it_up()
    {
        for (var look = 0; look < 130; look++)
        {
            Assert.Empty(Read(7, 9));
            _time.Advance(TimeSpan.FromMilliseconds(461));
        }

        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal([9], Read(7, 9));
    }

    private List<long> Read(long known, params long[] ids) => _settled.Of(ids, known, ids[^1], id => id);
}
