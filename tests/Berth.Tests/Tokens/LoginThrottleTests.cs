using Berth.Server.Tokens;

namespace Berth.Tests.Tokens;

public sealed class LoginThrottleTests
{
    [Theory]
    [InlineData(1, 0)]
    [InlineData(5, 0)]
    [InlineData(6, 100)]
    [InlineData(7, 200)]
    [InlineData(9, 800)]
    [InlineData(11, 3000)]
    [InlineData(1_000_000, 3000)]
    public void Failures_are_answered_later_and_later(long failures, int milliseconds) =>
        Assert.Equal(TimeSpan.FromMilliseconds(milliseconds), LoginThrottle.DelayAfter(failures));
}
