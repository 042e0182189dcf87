using Berth.Server.Codespaces.Networks;
using Berth.Server.Codespaces.Workspaces;
using Berth.Server.Faults;

namespace Berth.Server.Codespaces.Steps;

/// <summary>
/// Gives the codespace its disk and its network before anything runs. This happens at every start, because a restarted machine has
/// neither.
/// </summary>
internal sealed class PrepareMachine(WorkspaceFilesystem workspaces, CodespaceNetworks networks, Machines machines)
{
    /// <summary>Mounts the disk.</summary>
    /// <exception cref="FaultException">This host cannot do so. The message says what would help.</exception>
    public async Task<Machine> RunAsync(BegunStart start, CancellationToken cancellationToken)
    {
        var machine = machines.Of(start.Codespace);
        start.Folders.Prepare();
        await workspaces.MountAsync(start.Folders, machine.StorageBytes, cancellationToken);
        return machine;
    }

    /// <summary>Makes the network. Only containers need it, so it can wait for the engine while the repository is cloned.</summary>
    /// <exception cref="FaultException">This host cannot do so. The message says what would help.</exception>
    public Task NetworkAsync(BegunStart start, CancellationToken cancellationToken) =>
        networks.EnsureAsync(start.Codespace, cancellationToken);
}
