using System.Text.Json;
using System.Text.Json.Nodes;
using Berth.Server.Codespaces.Builds;
using Berth.Server.Codespaces.Devcontainers;
using Berth.Server.Codespaces.Engine;
using Berth.Server.Codespaces.Features;
using Berth.Server.Codespaces.Images;
using Berth.Server.Faults;
using Berth.Server.Oci;

namespace Berth.Server.Codespaces.Steps;

/// <summary>
/// Determines the image that the container is made from, and builds it if the configuration says so. Then merges what image, features and
/// devcontainer.json say.
/// </summary>
internal sealed class BuildImage(BuildDockerfile build, BuildServices services)
{
    /// <exception cref="FaultException">A build failed.</exception>
    public async Task<BuiltStart> RunAsync(FetchedStart start, CancellationToken cancellationToken)
    {
        Dictionary<string, PinnedImage> built = new(StringComparer.Ordinal);
        var image = start.Plan.Compose is { } compose
            ? await services.ImageAsync(start, compose, compose.Main, built, cancellationToken)
            : start.Plan.Build is { } planned ? await build.RunAsync(start.ForBuilds, planned, "dockerfile", cancellationToken)
            : start.Images[start.Plan.Image!.ToString()];
        return await FinishAsync(start, await WithFeaturesAsync(start, image, cancellationToken), built, cancellationToken);
    }

    /// <summary>Settles the images of services, when the image of the container itself is there already.</summary>
    /// <exception cref="FaultException">A service's build failed.</exception>
    public Task<BuiltStart> FinishAsync(FetchedStart start, PinnedImage image, CancellationToken cancellationToken) =>
        FinishAsync(start, image, new Dictionary<string, PinnedImage>(StringComparer.Ordinal), cancellationToken);

    private async Task<BuiltStart> FinishAsync(
        FetchedStart start, PinnedImage image, Dictionary<string, PinnedImage> built, CancellationToken cancellationToken)
    {
        var configuration = start.Configuration;
        var ofServices = start.Plan.Compose is { } compose
            ? await services.RunAsync(start, compose, built, cancellationToken)
            : new Dictionary<string, string>(StringComparer.Ordinal);

        await File.WriteAllBytesAsync(start.Folders.UsedImages, JsonSerializer.SerializeToUtf8Bytes(Used(start)), cancellationToken);
        var metadata = EntriesOf(start, image.Image);
        var merged = MergedConfiguration.Of(metadata);
        return new BuiltStart(start, image, ofServices)
        {
            Place = new WorkPlace(
                image.Reference, configuration.MountTarget, configuration.WorkspaceFolder,
                RemoteUsers.Of(merged, start.Plan.Compose?.Main.User, image.Image)),
            Metadata = [.. metadata.Select(MergedConfiguration.Honoured)],
            Merged = merged,
        };
    }

    private static List<JsonObject> EntriesOf(FetchedStart start, EngineImage image) =>
        [.. ImageMetadata.Of(image.Labels).Entries, start.Configuration.Entry];

    private async Task<PinnedImage> WithFeaturesAsync(FetchedStart start, PinnedImage image, CancellationToken cancellationToken)
    {
        var (features, metadata) = (start.Features, ImageMetadata.Of(image.Image.Labels));
        foreach (var line in metadata.Withheld)
        {
            start.Log.Write("image", line);
        }

        if (features.Count == 0)
        {
            return image;
        }

        if (image.Image.HasTriggers)
        {
            throw new FaultException(
                FaultKind.Configuration,
                $"the image {image.Reference} has ONBUILD instructions, which codespaces do not run, so no features can be added to it");
        }

        var label = FeatureLayers.Label(metadata, features, start.Plan.Budget);
        start.Log.Write("features", $"installing {string.Join(", ", features.Select(feature => feature.Name.Text))}");
        var merged = MergedConfiguration.Of(EntriesOf(start, image.Image));
        var ofService = start.Plan.Compose?.Main.User;
        var files = FeatureLayers.Files(
            features, RemoteUsers.ContainerUserOf(merged, ofService, image.Image), RemoteUsers.Of(merged, ofService, image.Image));
        return await build.LayerAsync(
            start.ForBuilds, image, FeatureLayers.Instructions(features, image.Image.User), files, label, "features",
            "the image with features", cancellationToken);
    }

    /// <summary>Every image and registry feature that the start uses, as the configuration writes it.</summary>
    private static IEnumerable<string> Used(FetchedStart start) =>
        start.Plan.Images.Select(use => use.Reference).Concat(
            start.Features.Select(feature => feature.Name.Image).OfType<ImageReference>())
            .Select(reference => reference.ToString()).Distinct();
}
