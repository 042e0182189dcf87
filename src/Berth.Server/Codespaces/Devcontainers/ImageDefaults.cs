using Berth.Server.Oci;

namespace Berth.Server.Codespaces.Devcontainers;

/// <summary>What counts where a repository does not say it.</summary>
/// <param name="Registry">The registry of image names without one: Docker Hub, or the one that the operator configured instead.</param>
/// <param name="Image">The image of repositories that name none. Null: they are refused.</param>
internal sealed record ImageDefaults(RegistryHost Registry, ImageReference? Image)
{
    /// <summary>Docker Hub, and no image.</summary>
    public static readonly ImageDefaults None = new(RegistryHost.OfDockerHub, null);

    public static ImageDefaults Of(CodespaceOptions options)
    {
        if (!RegistryHost.TryParse(options.DefaultRegistry, out var registry))
        {
            throw new InvalidOperationException($"'{options.DefaultRegistry}' passed as the name of a registry");
        }

        if (options.DefaultImage is CodespaceOptions.NoImage)
        {
            return new ImageDefaults(registry, null);
        }

        return ImageReference.TryParse(options.DefaultImage, registry, out var image, out var fault)
            ? new ImageDefaults(registry, image)
            : throw new InvalidOperationException($"'{options.DefaultImage}' passed as the name of an image: {fault}");
    }
}
