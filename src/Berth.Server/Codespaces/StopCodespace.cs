using Berth.Server.Codespaces.Docker;
using Berth.Server.Codespaces.Engine;
using Berth.Server.Codespaces.Environment;
using Berth.Server.Codespaces.Workspaces;
using Berth.Server.Faults;

namespace Berth.Server.Codespaces;

/// <summary>
/// Takes down everything that a codespace has only while it runs: processes, the listener inside, logins, environment, and the workspace's
/// mount. Container, network, image and files stay. It may be run again after it was cut off at any line.
/// </summary>
internal sealed class StopCodespace(
    IContainerEngine engine, CodespaceContainers containers, CodespaceHost host, GitStatus git, EnvironmentContents inside,
    WorkspaceFilesystem workspaces, DockerInside docker)
{
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(10);

    /// <exception cref="EngineException">The engine does not answer, so it is not known whether anything has stopped.</exception>
    public async Task RunAsync(Codespace codespace, CancellationToken cancellationToken)
    {
        await git.RefreshAsync(codespace, always: true, cancellationToken);
        await EndAsync(codespace, cancellationToken);
        await workspaces.UnmountAsync(host.Folders(codespace), cancellationToken);
    }

    /// <summary>Ends everything that runs in the codespace. What its containers wrote can still be read.</summary>
    /// <inheritdoc cref="RunAsync"/>
    public async Task EndAsync(Codespace codespace, CancellationToken cancellationToken)
    {
        await inside.EndAsync(codespace, await containers.FindAsync(codespace, cancellationToken), cancellationToken);
        await StopContainersAsync(codespace, cancellationToken);
    }

    /// <summary>
    /// Ends everything of a codespace whose start failed. The engine may be what failed. If it runs a container later, the regular look
    /// finds that container.
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
            // The next start or the deletion tries again.
        }
    }

    /// <summary>
    /// Stops everything while files are read for new containers. The old containers stay until new ones can take their place.
    /// </summary>
    public Task PauseAsync(Codespace codespace, CancellationToken cancellationToken) => StopContainersAsync(codespace, cancellationToken);

    /// <summary>
    /// Removes its containers with their anonymous volumes. A container that was never finished may have run only half of its commands, so
    /// no start can go on from it.
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

    /// <summary>Forgets a codespace of which nothing is left.</summary>
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
