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
/// Settles which image the container is made from, building it where the configuration says so, and writes the configuration for the dev
/// container tools.
/// </summary>
internal sealed class BuildImage(BuildDockerfile build, BuildServices services, BuiltImages built)
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
            image = await services.MainAsync(context, compose.Main, image, cancellationToken);
            context = context with { ServiceImages = await services.RunAsync(context, compose.Others, cancellationToken) };
        }

        await built.RemoveOldAsync(context.Codespace, cancellationToken);
        var user = RemoteUsers.Of(configuration, image.Image);
        await File.WriteAllTextAsync(
            context.Folders.Override, configuration.ToOverride(image.Reference, context.Workspace, Defaults(context, image.Image)),
            cancellationToken);
        File.SetUnixFileMode(
            context.Folders.Override, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        await File.WriteAllBytesAsync(context.Folders.UsedImages, JsonSerializer.SerializeToUtf8Bytes(Used(context)), cancellationToken);
        return context with
        {
            Prepared = new PreparedContainer(image.Reference, configuration.MountTarget, configuration.WorkspaceFolder, user),
        };
    }

    /// <summary>A service runs its own command (containers.dev, <c>overrideCommand</c>: false by default with compose).</summary>
    private static JsonObject Defaults(StartContext context, EngineImage image)
    {
        var defaults = new JsonObject();
        if (context.Plan.Compose is not null)
        {
            defaults["overrideCommand"] = false;
        }

        if (RemoteUsers.FromMetadata(image, "waitFor") is { } waitFor)
        {
            defaults["waitFor"] = waitFor;
        }

        return defaults;
    }

    private async Task<PinnedImage> WithFeaturesAsync(StartContext context, PinnedImage image, CancellationToken cancellationToken)
    {
        var (features, metadata) = (context.Features, ImageMetadata.Of(image.Image));
        foreach (var line in metadata.Withheld)
        {
            context.Log.Write("image", line);
        }

        if (features.Count == 0 && metadata.Withheld.Count == 0)
        {
            return image;
        }

        if (image.Image.HasTriggers)
        {
            throw new FaultException(
                FaultKind.Configuration,
                $"the image {image.Reference} has ONBUILD instructions, which codespaces do not run, so nothing can be added to it");
        }

        var label = FeatureLayers.Label(metadata, features, context.Plan.Budget);
        if (features.Count == 0)
        {
            return await build.LayerAsync(
                context, image, [], null, label, "label", "the image without what it asks for", cancellationToken);
        }

        context.Log.Write("features", $"installing {string.Join(", ", features.Select(feature => feature.Name.Text))}");
        var files = FeatureLayers.Files(
            features, RemoteUsers.ContainerUserOf(context.Configuration, image.Image), RemoteUsers.Of(context.Configuration, image.Image));
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
