using Berth.Server.Codespaces.Builds;
using Berth.Server.Codespaces.Engine;
using Berth.Server.Codespaces.Networks;
using Berth.Server.Codespaces.Steps;
using Berth.Server.Codespaces.Workspaces;

namespace Berth.Server.Codespaces;

/// <summary>
/// Removes everything of a codespace: its containers with their volumes, then its files, then its row. After a crash in between the row
/// still says that the codespace is to be deleted.
/// </summary>
internal sealed class DeleteCodespace(
    IContainerEngine engine, CodespaceContainers containers, CodespaceHost host, CodespaceRows rows, StopCodespace stop,
    WorkspaceFilesystem workspaces, CodespaceNetworks networks, BuiltImages built)
{
    /// <exception cref="EngineException">The engine does not answer, and may still have things of the codespace.</exception>
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
            // No container was ever finished, and there is no engine to ask about others.
        }

        await workspaces.UnmountAsync(host.Folders(codespace), cancellationToken);
        host.Folders(codespace).Delete();
        stop.Forget(codespace);
        await rows.DeletedAsync(codespace, cancellationToken);
    }
}
