namespace Berth.Server.Codespaces.Steps;

/// <summary>A task that was begun before its result is needed. Disposing waits until it has ended, however it ended.</summary>
internal sealed class BegunTask(Task task) : IAsyncDisposable
{
    public Task Task => task;

    public async ValueTask DisposeAsync() =>
        await task.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
}
