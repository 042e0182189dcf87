using Berth.Server.Codespaces.Networks;
using Berth.Server.Codespaces.Workspaces;
using Berth.Server.Faults;

namespace Berth.Server.Codespaces.Steps;

/// <summary>
/// Gives the codespace its disk and its network, before anything of it runs. At every start: a machine that was restarted has neither.
/// </summary>
internal sealed class PrepareMachine(WorkspaceFilesystem workspaces, CodespaceNetworks networks, Machines machines)
{
    /// <summary>The disk.</summary>
    /// <exception cref="FaultException">This host cannot; the message says what would help.</exception>
    public async Task<Machine> RunAsync(BegunStart start, CancellationToken cancellationToken)
    {
        var machine = machines.Of(start.Codespace);
        start.Folders.Prepare();
        await workspaces.MountAsync(start.Folders, machine.StorageBytes, cancellationToken);
        return machine;
    }

    /// <summary>The network, which only containers need: it waits for the engine while the repository is cloned.</summary>
    /// <exception cref="FaultException">This host cannot; the message says what would help.</exception>
    public Task NetworkAsync(BegunStart start, CancellationToken cancellationToken) =>
        networks.EnsureAsync(start.Codespace, cancellationToken);
}
