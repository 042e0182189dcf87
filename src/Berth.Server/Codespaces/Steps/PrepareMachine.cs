using Berth.Server.Codespaces.Networks;
using Berth.Server.Codespaces.Workspaces;

namespace Berth.Server.Codespaces.Steps;

/// <summary>Gives the codespace its disk and its network, before anything of it runs. At every start: a machine that was restarted has neither.</summary>
internal sealed class PrepareMachine(WorkspaceFilesystem workspaces, CodespaceNetworks networks, Machines machines)
{
    /// <exception cref="CodespaceFaultException">This host cannot; the message says what would help.</exception>
    public async Task<StartContext> RunAsync(StartContext context, CancellationToken cancellationToken)
    {
        var machine = machines.Of(context.Codespace);
        context.Folders.Prepare();

        // Side by side: one waits for the disk, the other for the engine.
        await Task.WhenAll(
            workspaces.MountAsync(context.Folders, machine.StorageBytes, cancellationToken), networks.EnsureAsync(context.Codespace, cancellationToken));
        return context with { Machine = machine };
    }
}
