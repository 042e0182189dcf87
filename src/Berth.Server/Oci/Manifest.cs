namespace Berth.Server.Oci;

/// <summary>An image that another one says it was built upon.</summary>
/// <param name="Repository">Without tag and digest. Null: the manifest does not name it.</param>
internal sealed record BaseImage(Digest Digest, string? Repository);

/// <summary>What an image manifest or an index says. The bytes themselves, which have the digest, are kept as they came.</summary>
internal sealed class Manifest
{
    private Dictionary<Digest, long>? _blobs;
    private Dictionary<Digest, long>? _children;

    public required string MediaType { get; init; }

    public bool IsIndex => MediaTypes.IsIndex(MediaType);

    /// <summary>What the referrers API shows: <c>artifactType</c>, else an image manifest's configuration type.</summary>
    public string? ArtifactType { get; init; }

    public Digest? Subject { get; init; }

    /// <summary>The <c>annotations</c> object as it stands in the manifest.</summary>
    public string? Annotations { get; init; }

    /// <summary>The annotation <c>org.opencontainers.image.source</c>.</summary>
    public string? Source { get; init; }

    /// <summary>The annotations <c>org.opencontainers.image.base.digest</c> and <c>base.name</c>: what it was built upon.</summary>
    public BaseImage? Base { get; init; }

    /// <summary>Null for an index.</summary>
    public Descriptor? Config { get; init; }

    /// <summary>Of an image; foreign layers among them.</summary>
    public IReadOnlyList<Descriptor> Layers { get; init; } = [];

    /// <summary>Of an index.</summary>
    public IReadOnlyList<Descriptor> Entries { get; init; } = [];

    /// <summary>The configuration, where it is an image's and may carry labels.</summary>
    public Digest? ImageConfig => MediaTypes.IsImageConfig(Config?.MediaType) ? Config!.Digest : null;

    /// <summary>
    /// Blobs that a registry must hold for it, with the bytes each is said to have: configuration, layers, and entries of an index that are
    /// no manifests.
    /// </summary>
    public IReadOnlyDictionary<Digest, long> Blobs => _blobs ??= BySize(
        IsIndex
            ? Entries.Where(entry => !MediaTypes.IsManifest(entry.MediaType))
            : Layers.Where(layer => !MediaTypes.IsForeign(layer.MediaType)).Concat(Config is null ? [] : [Config]));

    /// <summary>Manifests that an index lists, with the bytes each is said to have.</summary>
    public IReadOnlyDictionary<Digest, long> Children =>
        _children ??= BySize(Entries.Where(entry => MediaTypes.IsManifest(entry.MediaType)));

    /// <summary>Bytes of configuration and layers.</summary>
    public long Size => Layers.Select(layer => layer.Size).Prepend(Config?.Size ?? 0)
        .Aggregate(0L, (sum, size) => size > long.MaxValue - sum ? long.MaxValue : sum + size);

    /// <summary>Of an index; attestations and what names no platform left out.</summary>
    public IReadOnlyList<Platform> Platforms => [.. Runnable.Select(entry => entry.Platform!).Distinct()];

    private IEnumerable<Descriptor> Runnable => Entries.Where(entry => entry.Platform is { IsUnknown: false });

    /// <summary>The entry of an index for a host; the first where nobody asks for one.</summary>
    public Descriptor? Choose(Platform? host) => Runnable.FirstOrDefault(entry => host is null || entry.Platform!.RunsOn(host));

    private static Dictionary<Digest, long> BySize(IEnumerable<Descriptor> content)
    {
        Dictionary<Digest, long> sizes = [];
        foreach (var descriptor in content)
        {
            sizes.TryAdd(descriptor.Digest, descriptor.Size);
        }

        return sizes;
    }
}
