using Berth.Server.Codespaces.Engine;

namespace Berth.Server.Codespaces.Steps;

/// <summary>
/// The steps of a start, in their order. Every one looks at what is there before it acts, so a start may be cut off at any line and run
/// again.
/// </summary>
internal sealed class StartSteps(
    AdmitStart admit, PrepareStart prepare, ReuseContainer reuse, PrepareContainer prepareContainer, PrepareMounts mounts,
    StartServices services,
    CreateContainer create, RunContainer run)
{
    /// <exception cref="EngineException">The engine does not answer, or refuses.</exception>
    public async Task RunAsync(StartContext context, Func<CancellationToken, Task> removeContainers, CancellationToken cancellationToken)
    {
        context = await admit.RunAsync(context, cancellationToken);
        context.Progress.Step = StartCause.Machine;
        await using var network = new BegunTask(prepare.NetworkAsync(context, cancellationToken));
        context = await prepare.RunAsync(context, cancellationToken);
        context.Progress.Step = StartCause.Container;
        if (await reuse.RunAsync(context, cancellationToken) is { } reused)
        {
            await network.Task;
            await mounts.ResumeAsync(reused, cancellationToken);
            await services.ResumeAsync(reused, cancellationToken);
            context.Progress.Step = StartCause.Up;
            await run.RunAsync(reused, isNew: false, cancellationToken);
            return;
        }

        context.Progress.Step = StartCause.Clone;
        await removeContainers(cancellationToken);
        context = await prepareContainer.RunAsync(context, network.Task, cancellationToken);
        context.Progress.Step = StartCause.Services;
        context = await mounts.RunAsync(context, cancellationToken);
        context = await services.RunAsync(context, cancellationToken);
        context.Progress.Step = StartCause.Up;
        context = await create.RunAsync(context, cancellationToken);
        await run.RunAsync(context, isNew: true, cancellationToken);
    }

    /// <summary>Something that was begun ahead of its need: whoever leaves waits until it has ended, however it did.</summary>
    private sealed class BegunTask(Task task) : IAsyncDisposable
    {
        public Task Task => task;

        public async ValueTask DisposeAsync() =>
            await task.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
    }
}
