using Berth.Server.Background;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Berth.Tests.Background;

/// <summary>A background look continues after a look that failed.</summary>
public sealed class LookAgainTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_look_that_fails_ends_nothing()
    {
        using var looks = new Looks();
        await looks.StartAsync(Token);
        await looks.Third.Task.WaitAsync(TimeSpan.FromSeconds(30), Token);
        Assert.False(looks.ExecuteTask!.IsFaulted);
        await looks.StopAsync(Token);
        Assert.True(looks.ExecuteTask.IsCompletedSuccessfully);
    }

    private sealed class Looks() : LookAgain(TimeSpan.FromMilliseconds(1), TimeProvider.System)
    {
        private int _count;

        public TaskCompletionSource Third { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        protected override ILogger Logger => NullLogger.Instance;

        protected override Task LookAsync(CancellationToken cancellationToken)
        {
            if (++_count == 3)
            {
                Third.TrySetResult();
            }

            throw new InvalidOperationException("told");
        }
    }
}
