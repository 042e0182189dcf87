using System.Diagnostics.CodeAnalysis;

namespace Berth.Server.Oci;

/// <summary>The media types that the registry itself understands. Configurations and layers may be anything.</summary>
internal static class MediaTypes
{
    public const string OciManifest = "application/vnd.oci.image.manifest.v1+json";
    public const string OciIndex = "application/vnd.oci.image.index.v1+json";
    public const string DockerManifest = "application/vnd.docker.distribution.manifest.v2+json";
    public const string DockerList = "application/vnd.docker.distribution.manifest.list.v2+json";
    public const string OciConfig = "application/vnd.oci.image.config.v1+json";
    public const string DockerConfig = "application/vnd.docker.container.image.v1+json";

    public static bool IsManifest([NotNullWhen(true)] string? type) => type is OciManifest or DockerManifest || IsIndex(type);

    public static bool IsIndex([NotNullWhen(true)] string? type) => type is OciIndex or DockerList;

    public static bool IsImageConfig(string? type) => type is OciConfig or DockerConfig;

    /// <summary>The types of Docker's schema 1, signed and unsigned.</summary>
    public static bool IsSchema1(string? type) =>
        type is "application/vnd.docker.distribution.manifest.v1+json" or "application/vnd.docker.distribution.manifest.v1+prettyjws";

    /// <summary>
    /// The types of layers that a registry does not store (image-spec layer.md, "Non-Distributable Layers"; Docker's foreign layers).
    /// </summary>
    public static bool IsForeign(string? type) => type is not null
        && (type.StartsWith("application/vnd.oci.image.layer.nondistributable.v1.tar", StringComparison.Ordinal)
            || type.StartsWith("application/vnd.docker.image.rootfs.foreign.diff.tar", StringComparison.Ordinal));
}
