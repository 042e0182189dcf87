using Berth.Server.Oci;

namespace Berth.Server.Registry.Manifests;

/// <summary>What a manifest says, as far as the registry must know. The bytes themselves are kept as they came.</summary>
internal sealed class Manifest
{
    public required string MediaType { get; init; }

    /// <summary>What the referrers API shows: <c>artifactType</c>, else an image manifest's configuration type.</summary>
    public string? ArtifactType { get; init; }

    public Digest? Subject { get; init; }

    /// <summary>The <c>annotations</c> object as it stands in the manifest.</summary>
    public string? Annotations { get; init; }

    /// <summary>The annotation <c>org.opencontainers.image.source</c>.</summary>
    public string? Source { get; init; }

    /// <summary>The configuration, where it is an image's and may carry labels.</summary>
    public Digest? ImageConfig { get; init; }

    /// <summary>Blobs that must be in the package, with the bytes each is said to have: configuration, layers, and entries of an index that are no manifests.</summary>
    public required IReadOnlyDictionary<Digest, long> Blobs { get; init; }

    /// <summary>Manifests that an index lists, with the bytes each is said to have.</summary>
    public required IReadOnlyDictionary<Digest, long> Children { get; init; }
}
