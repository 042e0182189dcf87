using Berth.Server.Oci;

namespace Berth.Server.Registries.Remote;

/// <summary>One version of an image at a registry.</summary>
internal sealed record RemoteImage(RegistryHost Host, ImagePath Path, Reference Reference)
{
    /// <summary>Docker Hub's own images are below <c>library</c>, which people may leave out.</summary>
    public static RemoteImage Of(ImageReference image) => new(
        image.Host,
        image.Host.IsDockerHub && ImagePath.TryParse("library/" + image.Path, out var official) && !image.Path.HasSlash
            ? official : image.Path,
        image.Reference);

    /// <summary>The name as people write it.</summary>
    public override string ToString() => $"{Host}/{Path}{(Reference.Digest is null ? ":" : "@")}{Reference}";
}
