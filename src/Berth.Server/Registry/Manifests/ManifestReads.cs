using System.Collections.Concurrent;
using Berth.Server.Database;
using Microsoft.Extensions.Primitives;

namespace Berth.Server.Registry.Manifests;

/// <summary>A live manifest with the headers of its answers, built once.</summary>
internal sealed class ServedManifest(ManifestRow row)
{
    public long Id { get; } = row.Id;

    public long Size { get; } = row.Size;

    public StringValues MediaType { get; } = row.MediaType;

    public StringValues DigestHeader { get; } = row.Digest;

    public StringValues ETag { get; } = $"\"{row.Digest}\"";

    public StringValues Length { get; } = row.Size.ToString(System.Globalization.CultureInfo.InvariantCulture);
}

/// <summary>
/// Finds manifests for requests. What a tag or digest leads to is remembered until the next write where this process is the only one that
/// writes; contents never change and are remembered everywhere, up to a total size.
/// </summary>
internal sealed class ManifestReads(Db db)
{
    private const long MostContentBytes = 16 << 20;
    private readonly GenerationCache<(long Package, string Reference), ServedManifest> _manifests = new(db, capacity: 100_000);
    private ConcurrentDictionary<long, byte[]> _contents = new();
    private long _contentBytes;

    /// <summary>Null when there is no such live manifest.</summary>
    public ValueTask<ServedManifest?> FindAsync(long packageId, string reference, Reference parsed, CancellationToken cancellationToken) =>
        _manifests.GetAsync(
            (packageId, reference),
            async (key, token) => await db.ReadAsync(session => ManifestTable.FindAsync(session, key.Package, parsed), token) is { } row ? new ServedManifest(row) : null,
            cancellationToken);

    public bool TryGet(long packageId, string reference, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out ServedManifest? manifest) =>
        _manifests.TryGet((packageId, reference), out manifest);

    /// <summary>Null when the manifest went between the two reads.</summary>
    public ValueTask<byte[]?> ContentAsync(ServedManifest manifest, CancellationToken cancellationToken) =>
        _contents.TryGetValue(manifest.Id, out var content) ? new ValueTask<byte[]?>(content) : new ValueTask<byte[]?>(ReadAsync(manifest.Id, cancellationToken));

    private async Task<byte[]?> ReadAsync(long id, CancellationToken cancellationToken)
    {
        var content = await db.ReadAsync(session => ManifestTable.ContentAsync(session, id), cancellationToken);
        if (content is null || content.Length > MostContentBytes / 8)
        {
            return content;
        }

        if (Interlocked.Add(ref _contentBytes, content.Length) > MostContentBytes)
        {
            _contents = new ConcurrentDictionary<long, byte[]>();
            Interlocked.Exchange(ref _contentBytes, content.Length);
        }

        _contents[id] = content;
        return content;
    }
}
