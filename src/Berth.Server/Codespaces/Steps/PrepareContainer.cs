namespace Berth.Server.Codespaces.Steps;

/// <summary>From the repository to what a new container is made of: checkout, configuration, and every image that it names.</summary>
internal sealed class PrepareContainer(
    CloneWorkspace clone, ReadConfiguration configuration, SettlePermissions permissions, FetchImages images, BuildImage build,
    RecordPrebuild record, ChownWorkspace give)
{
    /// <param name="network">Ends when there is a network; builds need it.</param>
    public async Task<BuiltStart> RunAsync(PreparedStart start, Task network, CancellationToken cancellationToken)
    {
        await clone.RunAsync(start, cancellationToken);
        start.Progress.Step = StartCause.Configuration;
        var read = new ReadStart(start, await configuration.RunAsync(start, cancellationToken));
        start.Progress.Step = StartCause.Permissions;
        await permissions.RunAsync(read, cancellationToken);
        start.Progress.Step = StartCause.Images;
        var fetched = await images.RunAsync(read, cancellationToken);
        start.Progress.Step = StartCause.Build;
        await network;
        var built = await build.RunAsync(fetched, cancellationToken);
        await record.RunAsync(built, cancellationToken);
        start.Progress.Step = StartCause.Workspace;
        await give.RunAsync(built, cancellationToken);
        return built;
    }
}
