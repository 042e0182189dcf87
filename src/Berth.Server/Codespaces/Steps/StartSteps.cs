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
    public async Task<RunningStart> RunAsync(BegunStart begun, EarlierContainers earlier, CancellationToken cancellationToken)
    {
        var progress = begun.Progress;
        var admitted = await admit.RunAsync(begun, cancellationToken);
        progress.Step = StartCause.Machine;
        await using var network = new BegunTask(prepare.NetworkAsync(admitted, cancellationToken));
        var prepared = await prepare.RunAsync(admitted, cancellationToken);
        progress.Step = StartCause.Container;
        if (await reuse.RunAsync(prepared, failedRebuild: null, cancellationToken) is { } reused)
        {
            return await ResumeAsync(reused, network.Task, cancellationToken);
        }

        progress.Step = StartCause.Clone;
        await earlier.Pause(cancellationToken);
        BuiltStart built;
        try
        {
            built = await prepareContainer.RunAsync(prepared, network.Task, cancellationToken);
        }
        catch (FaultException fault) when (begun.Codespace.Rebuild)
        {
            // Whoever made a mistake in the configuration mends it from inside.
            cancellationToken.ThrowIfCancellationRequested();
            var failed = $"the rebuild failed: {fault.Message}";
            if (await reuse.RunAsync(prepared, failed, cancellationToken) is not { } before)
            {
                throw;
            }

            begun.Log.Write("rebuild", $"{failed}; the container of before goes on. Mend what is named, and rebuild again");
            return await ResumeAsync(before, network.Task, cancellationToken);
        }

        await earlier.Remove(cancellationToken);
        progress.Step = StartCause.Services;
        var beside = await services.RunAsync(built, await mounts.RunAsync(built, cancellationToken), cancellationToken);
        progress.Step = StartCause.Up;
        return await run.RunAsync(await create.RunAsync(built, beside, cancellationToken), cancellationToken);
    }

    private async Task<RunningStart> ResumeAsync(CreatedStart created, Task network, CancellationToken cancellationToken)
    {
        await network;
        await mounts.ResumeAsync(created.Start, cancellationToken);
        await services.ResumeAsync(created.Start, cancellationToken);
        created.Start.Progress.Step = StartCause.Up;
        return await run.RunAsync(created, cancellationToken);
    }

    /// <summary>Something that was begun ahead of its need: whoever leaves waits until it has ended, however it did.</summary>
    private sealed class BegunTask(Task task) : IAsyncDisposable
    {
        public Task Task => task;

        public async ValueTask DisposeAsync() =>
            await task.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
    }
}
