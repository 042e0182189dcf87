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
/// Settles which image the container is made from, building it where the configuration says so, and what image, features and
/// devcontainer.json say together.
/// </summary>
internal sealed class BuildImage(BuildDockerfile build, BuildServices services)
{
    /// <exception cref="FaultException">A build failed.</exception>
    public async Task<StartContext> RunAsync(StartContext context, CancellationToken cancellationToken)
    {
        var configuration = context.Configuration;
        var image = context.Plan.Build is { } planned
            ? await build.RunAsync(context, planned, "dockerfile", cancellationToken)
            : context.Images[context.Plan.Image!.ToString()];
        image = await WithFeaturesAsync(context, image, cancellationToken);
        if (context.Plan.Compose is { } compose)
        {
            context = context with { ServiceImages = await services.RunAsync(context, compose.Others, cancellationToken) };
        }

        await File.WriteAllBytesAsync(context.Folders.UsedImages, JsonSerializer.SerializeToUtf8Bytes(Used(context)), cancellationToken);
        var metadata = EntriesOf(context, image.Image);
        var merged = MergedConfiguration.Of(metadata);
        return context with
        {
            Prepared = new PreparedContainer(
                image.Reference, configuration.MountTarget, configuration.WorkspaceFolder,
                RemoteUsers.Of(merged, context.Plan.Compose?.Main.User, image.Image)),
            PreparedImage = image.Image,
            Metadata = [.. metadata.Select(MergedConfiguration.Honoured)],
            Merged = merged,
        };
    }

    private static List<JsonObject> EntriesOf(StartContext context, EngineImage image) =>
        [.. ImageMetadata.Of(image.Labels).Entries, context.Configuration.Entry];

    private async Task<PinnedImage> WithFeaturesAsync(StartContext context, PinnedImage image, CancellationToken cancellationToken)
    {
        var (features, metadata) = (context.Features, ImageMetadata.Of(image.Image.Labels));
        foreach (var line in metadata.Withheld)
        {
            context.Log.Write("image", line);
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

        var label = FeatureLayers.Label(metadata, features, context.Plan.Budget);
        context.Log.Write("features", $"installing {string.Join(", ", features.Select(feature => feature.Name.Text))}");
        var merged = MergedConfiguration.Of(EntriesOf(context, image.Image));
        var ofService = context.Plan.Compose?.Main.User;
        var files = FeatureLayers.Files(
            features, RemoteUsers.ContainerUserOf(merged, ofService, image.Image), RemoteUsers.Of(merged, ofService, image.Image));
        return await build.LayerAsync(
            context, image, FeatureLayers.Instructions(features, image.Image.User), files, label, "features", "the image with features",
            cancellationToken);
    }

    /// <summary>Every image and feature of a registry, as it is written.</summary>
    private static IEnumerable<string> Used(StartContext context) =>
        context.Plan.Images.Select(use => use.Reference).Concat(
            context.Features.Select(feature => feature.Name.Image).OfType<ImageReference>())
            .Select(reference => reference.ToString()).Distinct();
}
