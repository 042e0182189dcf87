using Berth.Server.Codespaces.Devcontainers;
using System.Text.Json;
using Berth.Server.Codespaces.Engine;
using Berth.Server.Codespaces.Images;
using Berth.Server.Faults;
using Berth.Server.Oci;

namespace Berth.Server.Codespaces.Steps;

/// <summary>
/// What an earlier start finished is started again with its files. An image of Berth's own registry must still be allowed: the container
/// holds the image's files, and access may have been taken away.
/// </summary>
internal sealed class ReuseContainer(IContainerEngine engine, FetchImage images)
{
    /// <returns>Null when there is nothing to go on from.</returns>
    /// <exception cref="FaultException">Its image is no longer allowed.</exception>
    public async Task<StartContext?> RunAsync(StartContext context, CancellationToken cancellationToken)
    {
        var codespace = context.Codespace;
        if ((codespace.Rebuild && context.FailedRebuild is null)
            || codespace is not { ContainerId: { } id, Image: { } image, RemoteUser: { } user, WorkspaceFolder: { } folder }
            || await engine.ContainerAsync(id, cancellationToken) is not { } container)
        {
            return null;
        }

        foreach (var text in await UsedAsync(context, image, cancellationToken))
        {
            if (ImageReference.TryParse(text, out var reference, out _) && images.IsOwn(reference))
            {
                await images.DecideAsync(reference, context.Credentials, cancellationToken);
            }
        }

        // Another machine may have been chosen since. Beside services it counts at the next rebuild, when all of them are made anew.
        if (!File.Exists(context.Folders.Services))
        {
            var limits = Machines.LimitsOf(context.Machine);
            await engine.LimitAsync(id, limits.Cpus, limits.MemoryBytes, limits.Processes, cancellationToken);
        }

        context.Log.Write("start", "the container of the last start is there");
        var metadata = ImageMetadata.Of(container.Labels).Entries;
        return context with
        {
            Prepared = new PreparedContainer(image, folder, folder, user),
            Metadata = metadata,
            Merged = MergedConfiguration.Of(metadata),
            ContainerId = container.Id,
        };
    }

    /// <summary>What it was built from as well.</summary>
    private static async Task<IReadOnlyList<string>> UsedAsync(StartContext context, string image, CancellationToken cancellationToken) =>
        File.Exists(context.Folders.UsedImages)
            ? JsonSerializer.Deserialize<List<string>>(await File.ReadAllBytesAsync(context.Folders.UsedImages, cancellationToken))
                ?? [image]
            : [image];
}
