namespace Berth.Server.Oci;

/// <summary>An image that another image names as the one that it was built upon.</summary>
/// <param name="Repository">Without tag and digest. Null: the manifest does not name it.</param>
internal sealed record BaseImage(Digest Digest, string? Repository);

/// <summary>
/// The contents of an image manifest or an index. The bytes themselves, which have the digest, are stored as they were sent.
/// </summary>
internal sealed class Manifest
{
    private Dictionary<Digest, long>? _blobs;
    private Dictionary<Digest, long>? _children;

    public required string MediaType { get; init; }

    public bool IsIndex => MediaTypes.IsIndex(MediaType);

    /// <summary>The type in the referrers API: <c>artifactType</c>, else the type of an image manifest's configuration.</summary>
    public string? ArtifactType { get; init; }

    public Digest? Subject { get; init; }

    /// <summary>The <c>annotations</c> object as written in the manifest.</summary>
    public string? Annotations { get; init; }

    /// <summary>The annotation <c>org.opencontainers.image.source</c>.</summary>
    public string? Source { get; init; }

    /// <summary>
    /// The image that it was built upon, from the annotations <c>org.opencontainers.image.base.digest</c> and <c>base.name</c>.
    /// </summary>
    public BaseImage? Base { get; init; }

    /// <summary>Null for an index.</summary>
    public Descriptor? Config { get; init; }

    /// <summary>The layers of an image, with foreign layers.</summary>
    public IReadOnlyList<Descriptor> Layers { get; init; } = [];

    /// <summary>The entries of an index.</summary>
    public IReadOnlyList<Descriptor> Entries { get; init; } = [];

    /// <summary>The configuration, if it is an image's and may have labels.</summary>
    public Digest? ImageConfig => MediaTypes.IsImageConfig(Config?.MediaType) ? Config!.Digest : null;

    /// <summary>
    /// The blobs that a registry must have for it, with their stated sizes: configuration, layers, and entries of an index that are not
    /// manifests.
    /// </summary>
    public IReadOnlyDictionary<Digest, long> Blobs => _blobs ??= BySize(
        IsIndex
            ? Entries.Where(entry => !MediaTypes.IsManifest(entry.MediaType))
            : Layers.Where(layer => !MediaTypes.IsForeign(layer.MediaType)).Concat(Config is null ? [] : [Config]));

    /// <summary>The manifests that an index lists, with their stated sizes.</summary>
    public IReadOnlyDictionary<Digest, long> Children =>
        _children ??= BySize(Entries.Where(entry => MediaTypes.IsManifest(entry.MediaType)));

    /// <summary>The bytes of configuration and layers.</summary>
    public long Size => Layers.Select(layer => layer.Size).Prepend(Config?.Size ?? 0)
        .Aggregate(0L, (sum, size) => size > long.MaxValue - sum ? long.MaxValue : sum + size);

    /// <summary>The platforms of an index, without attestations and entries that name no platform.</summary>
    public IReadOnlyList<Platform> Platforms => [.. Runnable.Select(entry => entry.Platform!).Distinct()];

    private IEnumerable<Descriptor> Runnable => Entries.Where(entry => entry.Platform is { IsUnknown: false });

    /// <summary>The entry of an index for a host. The first one when no host is given.</summary>
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
