using Berth.Server.Codespaces.Builds;
using Berth.Server.Codespaces.Networks;
using Berth.Server.Codespaces.Workspaces;

namespace Berth.Server.Codespaces.Prebuilds;

/// <summary>What a prebuild has on its host apart from what is kept.</summary>
internal sealed class PrebuildRest(
    StopCodespace stop, BuiltImages built, CodespaceNetworks networks, WorkspaceFilesystem workspaces, Machines machines,
    CodespaceHost host)
{
    /// <summary>Mounts the disk, since a restarted machine has nothing mounted.</summary>
    public Task OpenAsync(Codespace codespace, CancellationToken cancellationToken) =>
        workspaces.MountAsync(host.Folders(codespace), machines.Of(codespace).StorageBytes, cancellationToken);

    public async Task RemoveAsync(Codespace codespace, bool keepsWorkspace, CancellationToken cancellationToken)
    {
        await stop.RemoveContainersAsync(codespace, cancellationToken);
        await networks.RemoveAsync(codespace, cancellationToken);
        await workspaces.UnmountAsync(host.Folders(codespace), cancellationToken);
        if (!keepsWorkspace)
        {
            await built.RemoveAllAsync(codespace, cancellationToken);
            host.Folders(codespace).Delete();
        }
    }
}
