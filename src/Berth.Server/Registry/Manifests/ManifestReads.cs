using Berth.Server.Database;
using Berth.Server.Oci;
using Microsoft.Extensions.Primitives;

namespace Berth.Server.Registry.Manifests;

/// <summary>A live manifest with the headers of its answers, which are built once.</summary>
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
/// Finds manifests for requests. What a tag or digest leads to is cached until the next write. Contents never change, so they are cached
/// for good, up to a total size.
/// </summary>
internal sealed class ManifestReads(Db db)
{
    /// <summary>
    /// Contents up to this size are read whole and cached. Larger ones are read in pieces, so that a slow client holds one piece at most.
    /// </summary>
    public const int Whole = 64 * 1024;

    /// <summary>The bytes of a larger content that are read at once. They are few enough to be collected quickly.</summary>
    public const int Piece = 64 * 1024;

    private readonly GenerationCache<(long Package, string Reference), ServedManifest> _manifests = new(capacity: 100_000);
    private readonly SizedCache<long, byte[]> _contents = new(mostBytes: 16 << 20, largest: Whole);

    /// <summary>Null when there is no such live manifest.</summary>
    public ValueTask<ServedManifest?> FindAsync(
        Generation at, long packageId, string reference, Reference parsed, CancellationToken cancellationToken) =>
        _manifests.GetAsync(
            at, (packageId, reference),
            async (key, token) => await db.ReadAsync(session => ManifestTable.FindAsync(session, key.Package, parsed), token) is { } row
                ? new ServedManifest(row)
                : null,
            cancellationToken);

    public bool TryGet(
        Generation at, long packageId, string reference,
        [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out ServedManifest? manifest) =>
        _manifests.TryGet(at, (packageId, reference), out manifest);

    /// <summary>A piece of the content, or the whole of a small one. Null when the manifest was removed between the two reads.</summary>
    public ValueTask<byte[]?> ContentAsync(ServedManifest manifest, long from, CancellationToken cancellationToken) =>
        _contents.TryGet(manifest.Id, out var content)
            ? new ValueTask<byte[]?>(content)
            : new ValueTask<byte[]?>(ReadAsync(manifest, from, cancellationToken));

    private async Task<byte[]?> ReadAsync(ServedManifest manifest, long from, CancellationToken cancellationToken)
    {
        if (manifest.Size > Whole)
        {
            var piece = await db.ReadLargeAsync(
                session => ManifestTable.ContentAsync(session, manifest.Id, (int)from, Piece), cancellationToken);
            return piece is { Length: > 0 } ? piece : null;
        }

        var content = await db.ReadAsync(session => ManifestTable.ContentAsync(session, manifest.Id), cancellationToken);
        if (content is not null)
        {
            _contents.Add(manifest.Id, content, content.Length);
        }

        return content;
    }
}
