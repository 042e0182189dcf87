using System.Globalization;
using Berth.Server.Codespaces.Prebuilds;

namespace Berth.Tests.Codespaces.Prebuilds;

/// <summary>When schedules are due.</summary>
public sealed class PrebuildScheduleTests
{
    [Theory]
    [InlineData("every 6h", "2026-11-29T19:30:15Z", "2026-11-30T01:30:15Z")]
    [InlineData("every 7d", "2026-11-29T00:00:00Z", "2026-12-06T00:00:00Z")]
    [InlineData("* * * * *", "2026-11-29T19:30:15Z", "2026-11-29T19:31:00Z")]
    [InlineData("30 4 * * 1-5", "2026-11-27T04:30:00Z", "2026-11-30T04:30:00Z")]
    [InlineData("*/20 8-9 * * *", "2026-11-29T09:41:00Z", "2026-11-30T08:00:00Z")]
    [InlineData("0 0 29 2 *", "2026-11-29T00:00:00Z", "2028-02-29T00:00:00Z")]
    [InlineData("0 0 13 * 5", "2026-11-14T00:00:00Z", "2026-11-20T00:00:00Z")]
    [InlineData("5,10 0 * 1,12 7", "2026-11-29T00:00:00Z", "2026-12-06T00:05:00Z")]
    [InlineData("50/5 * * * *", "2026-11-29T19:51:00Z", "2026-11-29T19:55:00Z")]
    public void A_schedule_comes_round(string text, string now, string next) => Assert.Equal(
        Time(next), PrebuildSchedule.Parse(text)!.After(Time(now)));

    [Theory]
    [InlineData("")]
    [InlineData("* * * *")]
    [InlineData("* * * * * *")]
    [InlineData("60 * * * *")]
    [InlineData("5-1 * * * *")]
    [InlineData("*/0 * * * *")]
    [InlineData("-1 * * * *")]
    [InlineData("1- * * * *")]
    [InlineData("a * * * *")]
    [InlineData("0 0 31 2 *")]
    [InlineData("every 1m")]
    [InlineData("every 0h")]
    [InlineData("every h")]
    [InlineData("every 6")]
    [InlineData("every 99999d")]
    public void What_never_comes_or_means_nothing_is_no_schedule(string text) => Assert.Null(PrebuildSchedule.Parse(text));

    private static DateTimeOffset Time(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture);
}
