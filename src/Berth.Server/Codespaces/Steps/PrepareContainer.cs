namespace Berth.Server.Codespaces.Steps;

/// <summary>Prepares what a new container is made of: the checkout, the configuration, and every image that it names.</summary>
internal sealed class PrepareContainer(
    CloneWorkspace clone, ReadConfiguration configuration, SettlePermissions permissions, FetchImages images, BuildImage build,
    TakePrebuild take, RecordPrebuild record, ChownWorkspace give)
{
    public async Task<BuiltStart> RunAsync(PreparedStart start, CancellationToken cancellationToken)
    {
        if (start.Prebuild is { IsCurrent: false })
        {
            TakePrebuild.SetAside(start);
        }

        if (start.Prebuild is not { IsCurrent: true })
        {
            await clone.RunAsync(start, cancellationToken);
        }

        start.Progress.Step = StartCause.Configuration;
        var read = new ReadStart(start, await configuration.RunAsync(start, cancellationToken));
        start.Progress.Step = StartCause.Permissions;
        await permissions.RunAsync(read, cancellationToken);
        start.Progress.Step = StartCause.Images;
        var fetched = await images.RunAsync(read, cancellationToken);
        start.Progress.Step = StartCause.Build;
        if (start.Prebuild is { } chosen)
        {
            if (await take.RunAsync(fetched, chosen, cancellationToken) is { } taken)
            {
                if (!chosen.IsCurrent)
                {
                    await give.RunAsync(taken, cancellationToken);
                }

                return taken;
            }

            TakePrebuild.Drop(start, chosen);
            if (chosen.IsCurrent)
            {
                return await RunAsync(start with { Prebuild = null }, cancellationToken);
            }
        }

        var built = await build.RunAsync(fetched with { Prebuild = null }, cancellationToken);
        await record.RunAsync(built, cancellationToken);
        start.Progress.Step = StartCause.Workspace;
        await give.RunAsync(built, cancellationToken);
        return built;
    }
}
