using Berth.Server.Codespaces.Devcontainers;
using Berth.Server.Codespaces.Engine;

namespace Berth.Server.Codespaces.Steps;

/// <summary>
/// The steps of a start, in their order. Every one looks at what is there before it acts, so a start may be cut off at any line and run
/// again.
/// </summary>
internal sealed class StartSteps(
    EngineSocket engine, DevcontainerUp up, AdmitStart admit, PrepareStart prepare, ReuseContainer reuseContainer,
    PrepareContainer prepareContainer,
    StartServices startServices, UpContainer upContainer)
{
    public async Task RunAsync(StartContext context, Func<CancellationToken, Task> removeContainers, CancellationToken cancellationToken)
    {
        context = await admit.RunAsync(context, cancellationToken);
        context.Progress.Step = StartCause.Machine;
        await using var tools = new WaitingTools(engine, up, context);
        await using var network = new BegunTask(prepare.NetworkAsync(context, cancellationToken));
        context = await prepare.RunAsync(context with { Tools = tools }, cancellationToken);
        context.Progress.Step = StartCause.Container;
        if (await reuseContainer.RunAsync(context, cancellationToken) is { } reused)
        {
            await network.Task;
            await startServices.ResumeAsync(reused, cancellationToken);
            await upContainer.RunAsync(reused, cancellationToken);
            return;
        }

        context.Progress.Step = StartCause.Clone;
        await removeContainers(cancellationToken);
        context = await prepareContainer.RunAsync(context, network.Task, cancellationToken);
        context.Progress.Step = StartCause.Services;
        context = await startServices.RunAsync(context, cancellationToken);
        context.Progress.Step = StartCause.Up;
        await upContainer.RunAsync(context, cancellationToken);
    }

    /// <summary>Something that was begun ahead of its need: whoever leaves waits until it has ended, however it did.</summary>
    private sealed class BegunTask(Task task) : IAsyncDisposable
    {
        public Task Task => task;

        public async ValueTask DisposeAsync() =>
            await task.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
    }
}
