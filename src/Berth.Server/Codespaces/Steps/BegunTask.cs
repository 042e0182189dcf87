namespace Berth.Server.Codespaces.Steps;

/// <summary>Something that was begun ahead of its need: whoever leaves waits until it has ended, however it did.</summary>
internal sealed class BegunTask(Task task) : IAsyncDisposable
{
    public Task Task => task;

    public async ValueTask DisposeAsync() =>
        await task.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
}
