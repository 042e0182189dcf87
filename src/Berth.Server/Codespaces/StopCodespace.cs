using Berth.Server.Codespaces.Docker;
using Berth.Server.Codespaces.Engine;
using Berth.Server.Codespaces.Environment;
using Berth.Server.Codespaces.Workspaces;
using Berth.Server.Faults;

namespace Berth.Server.Codespaces;

/// <summary>
/// Takes down what a codespace has while it runs: processes, what answers inside, logins and environment, the workspace's mount. What it is
/// made of stays: container, network, image, files. May be run again after having been cut off at any line.
/// </summary>
internal sealed class StopCodespace(
    IContainerEngine engine, CodespaceContainers containers, CodespaceHost host, GitStatus git, EnvironmentContents inside,
    WorkspaceFilesystem workspaces, DockerInside docker)
{
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(10);

    /// <exception cref="EngineException">The engine does not answer: nothing is known to have stopped.</exception>
    public async Task RunAsync(Codespace codespace, CancellationToken cancellationToken)
    {
        await git.RefreshAsync(codespace, always: true, cancellationToken);
        await EndAsync(codespace, cancellationToken);
        await workspaces.UnmountAsync(host.Folders(codespace), cancellationToken);
    }

    /// <summary>Nothing of it runs any more, and what its containers wrote is there to be read.</summary>
    /// <inheritdoc cref="RunAsync"/>
    public async Task EndAsync(Codespace codespace, CancellationToken cancellationToken)
    {
        await inside.EndAsync(codespace, await containers.FindAsync(codespace, cancellationToken), cancellationToken);
        await StopContainersAsync(codespace, cancellationToken);
    }

    /// <summary>
    /// A codespace whose start failed runs nothing. The engine may be what failed; a container that it runs later is found by the look
    /// around.
    /// </summary>
    public async Task AfterFailureAsync(Codespace codespace, CancellationToken cancellationToken)
    {
        await inside.EndAsync(codespace, container: null, cancellationToken);
        try
        {
            await StopContainersAsync(codespace, cancellationToken);
            await workspaces.UnmountAsync(host.Folders(codespace), cancellationToken);
        }
        catch (Exception exception) when (exception is EngineException or FaultException)
        {
            // The next start and the deletion try again.
        }
    }

    /// <summary>
    /// Nothing of it runs while its files are read for other containers; these stay until there is something to put in their place.
    /// </summary>
    public Task PauseAsync(Codespace codespace, CancellationToken cancellationToken) => StopContainersAsync(codespace, cancellationToken);

    /// <summary>
    /// Removes its containers with their anonymous volumes. One that was never finished may have run half of
    /// its commands, so it is no base to go on from.
    /// </summary>
    public async Task RemoveContainersAsync(Codespace codespace, CancellationToken cancellationToken)
    {
        await docker.StopAsync(codespace, cancellationToken);
        foreach (var container in await containers.OfAsync(codespace, cancellationToken))
        {
            inside.Leave(container.ContainerId);
            await containers.RemoveAsync(container.ContainerId, cancellationToken);
        }

        ContainerLayers.Sweep(host.Folders(codespace));
    }

    /// <summary>Nothing of the codespace is there any more, and nobody asks for it again.</summary>
    public void Forget(Codespace codespace) => docker.Forget(codespace.Id);

    private async Task StopContainersAsync(Codespace codespace, CancellationToken cancellationToken)
    {
        await docker.StopAsync(codespace, cancellationToken);
        var own = await containers.OfAsync(codespace, cancellationToken);
        foreach (var container in own)
        {
            inside.Leave(container.ContainerId);
        }

        await Task.WhenAll(own.Select(container => engine.StopAsync(container.ContainerId, Grace, cancellationToken)));
    }
}
