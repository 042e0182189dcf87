using Berth.Server.Codespaces.Devcontainers;
using System.Text.Json;
using Berth.Server.Codespaces.Engine;
using Berth.Server.Codespaces.Images;
using Berth.Server.Faults;
using Berth.Server.Oci;

namespace Berth.Server.Codespaces.Steps;

/// <summary>
/// Starts the container of an earlier start again, with its files. An image of Berth's own registry must still be allowed: the container
/// holds the image's files, and access may have been taken away since.
/// </summary>
internal sealed class ReuseContainer(IContainerEngine engine, FetchImage images, SettleGitLogins git)
{
    /// <param name="failedRebuild">Why the requested rebuild failed. Null: there was no failed rebuild.</param>
    /// <returns>Null when there is no finished container.</returns>
    /// <exception cref="FaultException">Its image is no longer allowed.</exception>
    public async Task<CreatedStart?> RunAsync(
        PreparedStart start, string? failedRebuild, CancellationToken cancellationToken)
    {
        var codespace = start.Codespace;
        if ((codespace.Rebuild && failedRebuild is null)
            || codespace is not { ContainerId: { } id, Image: { } image, RemoteUser: { } user, WorkspaceFolder: { } folder }
            || await engine.ContainerAsync(id, cancellationToken) is not { } container)
        {
            return null;
        }

        foreach (var text in await UsedAsync(start, image, cancellationToken))
        {
            if (ImageReference.TryParse(text, out var reference, out _) && images.IsOwn(reference))
            {
                await images.DecideAsync(reference, start.Credentials, cancellationToken);
            }
        }

        // Another machine may have been chosen since. With services it counts only after the next rebuild, which makes all containers anew.
        if (!File.Exists(start.Folders.Services))
        {
            var limits = Machines.LimitsOf(start.Machine);
            await engine.LimitAsync(id, limits.Cpus, limits.MemoryBytes, limits.Processes, cancellationToken);
        }

        start.Log.Write("start", "the container of the last start is there");
        await git.RunAsync(start, cancellationToken);
        return new CreatedStart(
            start, container.Id, new WorkPlace(image, folder, folder, user),
            MergedConfiguration.Of(ImageMetadata.Of(container.Labels).Entries), IsNew: false)
        {
            FailedRebuild = failedRebuild,
        };
    }

    /// <summary>The container's image and the images that it was built from.</summary>
    private static async Task<IReadOnlyList<string>> UsedAsync(PreparedStart start, string image, CancellationToken cancellationToken) =>
        File.Exists(start.Folders.UsedImages)
            ? JsonSerializer.Deserialize<List<string>>(await File.ReadAllBytesAsync(start.Folders.UsedImages, cancellationToken))
                ?? [image]
            : [image];
}
