using Berth.Server.Codespaces.Engine;
using Berth.Server.Faults;

namespace Berth.Server.Codespaces.Steps;

/// <summary>
/// The steps of a start, in order. Each step checks what exists before it acts, so a start can be cut off at any line and run again.
/// </summary>
internal sealed class StartSteps(
    AdmitStart admit, PrepareStart prepare, ReuseContainer reuse, PrepareContainer prepareContainer, EarlierContainers earlier,
    ChownWorkspace give, BringUp up)
{
    /// <exception cref="EngineException">The engine does not answer, or refuses.</exception>
    public async Task<RunningStart> RunAsync(BegunStart begun, CancellationToken cancellationToken)
    {
        var (codespace, progress) = (begun.Codespace, begun.Progress);
        var admitted = await admit.RunAsync(begun, cancellationToken);
        progress.Step = StartCause.Machine;
        await using var network = new BegunTask(prepare.NetworkAsync(admitted, cancellationToken));
        var prepared = await prepare.RunAsync(admitted, network.Task, cancellationToken);
        progress.Step = StartCause.Container;
        await earlier.BringBackAsync(codespace, cancellationToken);
        if (await reuse.RunAsync(prepared, failedRebuild: null, cancellationToken) is { } reused)
        {
            return await up.AgainAsync(reused, cancellationToken);
        }

        progress.Step = StartCause.Clone;
        await earlier.PauseAsync(codespace, cancellationToken);
        try
        {
            var built = await prepareContainer.RunAsync(prepared, cancellationToken);
            return codespace is { Rebuild: true, ContainerId: not null }
                ? await ReplaceAsync(built, cancellationToken)
                : await FirstAsync(built, cancellationToken);
        }
        catch (Exception fault) when (codespace.Rebuild && fault is FaultException or EngineException)
        {
            // Go back to the old container, so that people can correct the configuration from inside it.
            cancellationToken.ThrowIfCancellationRequested();
            if (await BeforeAsync(prepared, $"the rebuild failed: {fault.Message}", cancellationToken) is not { } before)
            {
                throw;
            }

            return await up.AgainAsync(before, cancellationToken);
        }
    }

    private async Task<RunningStart> FirstAsync(BuiltStart built, CancellationToken cancellationToken)
    {
        await earlier.RemoveAsync(built.Codespace, cancellationToken);
        return await up.NewAsync(built, cancellationToken);
    }

    /// <summary>Makes new containers. The old ones are removed when the new ones run.</summary>
    private async Task<RunningStart> ReplaceAsync(BuiltStart built, CancellationToken cancellationToken)
    {
        await earlier.SetAsideAsync(built.Codespace, cancellationToken);
        var running = await up.NewAsync(built, cancellationToken);
        await earlier.ForgetAsync(built.Codespace, cancellationToken);
        return running;
    }

    /// <summary>Goes back to the containers before the rebuild.</summary>
    /// <returns>Null when there is nothing to go back to.</returns>
    private async Task<CreatedStart?> BeforeAsync(PreparedStart prepared, string failed, CancellationToken cancellationToken)
    {
        await earlier.BringBackAsync(prepared.Codespace, cancellationToken);
        if (await reuse.RunAsync(prepared, failed, cancellationToken) is not { } before)
        {
            return null;
        }

        await give.BackAsync(before, cancellationToken);
        prepared.Log.Write("rebuild", $"{failed}; the container of before goes on. Mend what is named, and rebuild again");
        return before;
    }
}
