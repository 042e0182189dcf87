using Berth.Server.Background;

namespace Berth.Tests.Background;

/// <summary>Everybody gets a result whose work began after they asked, and only few do the work.</summary>
public sealed class LatestWorkTests
{
    private readonly LatestWork<string, int> _work = new();
    private int _runs;

    [Fact]
    public async Task All_who_ask_while_one_runs_share_the_next_run()
    {
        var first = new TaskCompletionSource();
        var begun = new TaskCompletionSource();
        var running = _work.RunAsync("a", async () =>
        {
            begun.SetResult();
            await first.Task;
            return Interlocked.Increment(ref _runs);
        });
        await begun.Task;
        var waiting = Enumerable.Range(0, 100).Select(_ => _work.RunAsync("a", CountAsync)).ToList();
        var other = await _work.RunAsync("b", () => Task.FromResult(7));
        Assert.Equal((7, 0), (other, _runs));
        first.SetResult();
        Assert.Equal(1, await running);
        Assert.All(await Task.WhenAll(waiting), run => Assert.Equal(2, run));
        Assert.Equal(3, await _work.RunAsync("a", CountAsync));
    }

    /// <summary>The run that answers sees what somebody changed before asking.</summary>
    [Fact]
    public async Task A_result_is_never_older_than_the_question()
    {
        var value = 0;
        await Parallel.ForAsync(0, 2_000, TestContext.Current.CancellationToken, async (_, _) =>
        {
            var mine = Interlocked.Increment(ref value);
            Assert.True(await _work.RunAsync("a", async () =>
            {
                var seen = Volatile.Read(ref value);
                await Task.Yield();
                return seen;
            }) >= mine);
        });
    }

    [Fact]
    public async Task A_run_that_fails_does_so_for_those_who_waited_for_it()
    {
        var (begun, end) = (new TaskCompletionSource(), new TaskCompletionSource());
        var failed = _work.RunAsync("a", async () =>
        {
            begun.SetResult();
            await end.Task;
            throw new IOException("away");
        });
        await begun.Task;
        var next = _work.RunAsync("a", CountAsync);
        end.SetResult();
        await Assert.ThrowsAsync<IOException>(() => failed);
        Assert.Equal(1, await next);
    }

    private Task<int> CountAsync() => Task.FromResult(Interlocked.Increment(ref _runs));
}
