using System.Runtime.CompilerServices;

namespace Berth.SystemTests.Fixtures.Tools;

/// <summary>
/// Waits for what happens by itself. The limit says nothing about speed. It is far above what the slowest machine needs, ends a test that
/// would hang, and says what the test waited for.
/// </summary>
internal static class Patience
{
    public static readonly TimeSpan Limit = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(50);

    /// <param name="what">For the message. By default the text of the condition.</param>
    public static async Task UntilAsync(Func<Task<bool>> holds, [CallerArgumentExpression(nameof(holds))] string what = "")
    {
        using var limit = new CancellationTokenSource(Limit);
        while (!await holds())
        {
            Assert.False(limit.IsCancellationRequested, $"not within {Limit.TotalMinutes:0} minutes: {what}");
            await Task.Delay(Look, TestContext.Current.CancellationToken);
        }
    }

    public static Task UntilAsync(Func<bool> holds, [CallerArgumentExpression(nameof(holds))] string what = "") =>
        UntilAsync(() => Task.FromResult(holds()), what);

    /// <summary>Runs a function that takes a token. If it takes too long, the test fails with these words.</summary>
    public static async Task<T> WithinAsync<T>(Func<CancellationToken, Task<T>> run, Func<Task<string>> words)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(Limit);
        try
        {
            return await run(limit.Token);
        }
        catch (OperationCanceledException)
            when (limit.IsCancellationRequested && !TestContext.Current.CancellationToken.IsCancellationRequested)
        {
            Assert.Fail($"not within {Limit.TotalMinutes:0} minutes: {await words()}");
            throw;
        }
    }
}
