namespace Berth.Server.Codespaces.Steps;

/// <summary>From the repository to what a new container is made of: checkout, configuration, and every image that it names.</summary>
internal sealed class PrepareContainer(
    CloneWorkspace clone, ReadConfiguration configuration, SettlePermissions permissions, FetchImages images, BuildImage build,
    ChownWorkspace give)
{
    /// <param name="network">Ends when there is a network; builds need it.</param>
    public async Task<StartContext> RunAsync(StartContext context, Task network, CancellationToken cancellationToken)
    {
        context = await clone.RunAsync(context, cancellationToken);
        context.Progress.Step = StartCause.Configuration;
        context = await configuration.RunAsync(context, cancellationToken);
        context.Progress.Step = StartCause.Permissions;
        context = await permissions.RunAsync(context, cancellationToken);
        context.Progress.Step = StartCause.Images;
        context = await images.RunAsync(context, cancellationToken);
        context.Progress.Step = StartCause.Build;
        await network;
        context = await build.RunAsync(context, cancellationToken);
        context.Progress.Step = StartCause.Workspace;
        return await give.RunAsync(context, cancellationToken);
    }
}
