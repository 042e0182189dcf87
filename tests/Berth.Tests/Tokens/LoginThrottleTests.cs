using System.Net;
using System.Text;
using Berth.Server.Authentication;
using Berth.Server.Database;
using Berth.Server.Metrics;
using Berth.Tests.TestServer;
using Microsoft.Extensions.DependencyInjection;

namespace Berth.Tests.Tokens;

public sealed class LoginThrottleTests(SharedServer shared)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

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

    [Fact]
    public async Task Who_fails_again_and_again_waits_and_nobody_else()
    {
        var time = new WaitingTimeProvider();
        var throttle = Throttle(time);
        var (guesser, name) = (IPAddress.Parse("203.0.113.7"), Persons.Unique("ada"));
        for (var failure = 1; failure <= 5; failure++)
        {
            await throttle.FailedAsync(guesser, name, Token);
        }

        var waiting = throttle.FailedAsync(guesser, name.ToUpperInvariant(), Token);
        await time.Asked.WaitAsync(Token);
        Assert.False(waiting.IsCompleted);

        // The same name from another address, and another name from this address.
        await throttle.FailedAsync(IPAddress.Parse("203.0.113.8"), name, Token);
        await throttle.FailedAsync(guesser, Persons.Unique("bob"), Token);
        Assert.False(waiting.IsCompleted);
        time.Release();
        await waiting;
    }

    [Fact]
    public async Task A_right_token_is_answered_while_wrong_ones_of_the_same_name_and_address_wait()
    {
        var time = new WaitingTimeProvider();
        var throttle = Throttle(time);
        var ada = await shared.Server.UserAsync();
        for (var failure = 1; failure <= 5; failure++)
        {
            await throttle.FailedAsync(IPAddress.Loopback, ada.Login, Token);
        }

        var waiting = throttle.FailedAsync(IPAddress.Loopback, ada.Login, Token);
        await time.Asked.WaitAsync(Token);
        using var client = shared.Server.Client();
        client.DefaultRequestHeaders.Authorization = new(
            "Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{ada.Login}:{ada.Token}")));
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/api/v3/user", Token)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/v2/", Token)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/token", Token)).StatusCode);
        Assert.False(waiting.IsCompleted);
        time.Release();
        await waiting;
    }

    private LoginThrottle Throttle(TimeProvider time) =>
        new(shared.Server.Services.GetRequiredService<Db>(), shared.Server.Services.GetRequiredService<BerthMetrics>(), time);

    /// <summary>The time of day is the system's. Timers end when the test says so.</summary>
    private sealed class WaitingTimeProvider : TimeProvider
    {
        private readonly TaskCompletionSource _asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly List<Action> _timers = [];

        /// <summary>Ends when somebody waits.</summary>
        public Task Asked => _asked.Task;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            lock (_timers)
            {
                _timers.Add(() => callback(state));
            }

            _asked.TrySetResult();
            return new NoTimer();
        }

        public void Release()
        {
            lock (_timers)
            {
                _timers.ForEach(ring => ring());
            }
        }

        private sealed class NoTimer : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period) => true;

            public void Dispose()
            {
            }

            public ValueTask DisposeAsync() => ValueTask.CompletedTask;
        }
    }
}
