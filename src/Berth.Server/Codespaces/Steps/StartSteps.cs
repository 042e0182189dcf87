using Berth.Server.Codespaces.Engine;
using Berth.Server.Faults;

namespace Berth.Server.Codespaces.Steps;

/// <summary>What a codespace has from an earlier start, when it gets other containers.</summary>
/// <param name="Pause">Ends what runs in them.</param>
/// <param name="Remove">Takes them away.</param>
internal sealed record EarlierContainers(Func<CancellationToken, Task> Pause, Func<CancellationToken, Task> Remove);

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
    public async Task RunAsync(StartContext context, EarlierContainers earlier, CancellationToken cancellationToken)
    {
        context = await admit.RunAsync(context, cancellationToken);
        context.Progress.Step = StartCause.Machine;
        await using var network = new BegunTask(prepare.NetworkAsync(context, cancellationToken));
        context = await prepare.RunAsync(context, cancellationToken);
        context.Progress.Step = StartCause.Container;
        if (await reuse.RunAsync(context, cancellationToken) is { } reused)
        {
            await ResumeAsync(reused, network.Task, cancellationToken);
            return;
        }

        context.Progress.Step = StartCause.Clone;
        await earlier.Pause(cancellationToken);
        try
        {
            context = await prepareContainer.RunAsync(context, network.Task, cancellationToken);
        }
        catch (FaultException fault) when (context.Codespace.Rebuild)
        {
            // Whoever made a mistake in the configuration mends it from inside.
            cancellationToken.ThrowIfCancellationRequested();
            context = context with { FailedRebuild = $"the rebuild failed: {fault.Message}" };
            if (await reuse.RunAsync(context, cancellationToken) is not { } before)
            {
                throw;
            }

            context.Log.Write(
                "rebuild", $"{context.FailedRebuild}; the container of before goes on. Mend what is named, and rebuild again");
            await ResumeAsync(before, network.Task, cancellationToken);
            return;
        }

        await earlier.Remove(cancellationToken);
        context.Progress.Step = StartCause.Services;
        context = await mounts.RunAsync(context, cancellationToken);
        context = await services.RunAsync(context, cancellationToken);
        context.Progress.Step = StartCause.Up;
        context = await create.RunAsync(context, cancellationToken);
        await run.RunAsync(context, isNew: true, cancellationToken);
    }

    private async Task ResumeAsync(StartContext context, Task network, CancellationToken cancellationToken)
    {
        await network;
        await mounts.ResumeAsync(context, cancellationToken);
        await services.ResumeAsync(context, cancellationToken);
        context.Progress.Step = StartCause.Up;
        await run.RunAsync(context, isNew: false, cancellationToken);
    }

    /// <summary>Something that was begun ahead of its need: whoever leaves waits until it has ended, however it did.</summary>
    private sealed class BegunTask(Task task) : IAsyncDisposable
    {
        public Task Task => task;

        public async ValueTask DisposeAsync() =>
            await task.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
    }
}
