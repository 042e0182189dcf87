using Berth.Server.Codespaces.Builds;
using Berth.Server.Codespaces.Engine;
using Berth.Server.Codespaces.Networks;
using Berth.Server.Codespaces.Steps;
using Berth.Server.Codespaces.Workspaces;

namespace Berth.Server.Codespaces;

/// <summary>
/// Removes all that a codespace is: containers with their volumes, then files, then the row. A crash in between leaves the row, and with it
/// the wish.
/// </summary>
internal sealed class DeleteCodespace(
    IContainerEngine engine, CodespaceContainers containers, CodespaceHost host, CodespaceRows rows, StopCodespace stop,
    WorkspaceFilesystem workspaces, CodespaceNetworks networks, BuiltImages built)
{
    /// <exception cref="EngineException">The engine does not answer, and may have something of it.</exception>
    public async Task RunAsync(Codespace codespace, CancellationToken cancellationToken)
    {
        try
        {
            await stop.RemoveContainersAsync(codespace, cancellationToken);
            await PrepareMounts.RemoveVolumesAsync(engine, containers.LabelsOf(codespace), cancellationToken);
            await built.RemoveAllAsync(codespace, cancellationToken);
            await networks.RemoveAsync(codespace, cancellationToken);
        }
        catch (EngineException) when (codespace.ContainerId is null && codespace.Image is null)
        {
            // It never had a container that was finished, and there is no engine to ask about others.
        }

        await workspaces.UnmountAsync(host.Folders(codespace), cancellationToken);
        host.Folders(codespace).Delete();
        stop.Forget(codespace);
        await rows.DeletedAsync(codespace, cancellationToken);
    }
}
