using Berth.Server.Database;
using Berth.Server.Oci;
using Berth.Server.Packages.Content;
using Berth.Server.Packages;
using Berth.Server.Registry.Authorization;
using Berth.Server.Storage;
using Microsoft.Extensions.Primitives;

namespace Berth.Server.Registry.Blobs;

/// <summary>A readable blob with the headers of its answers, which are built once.</summary>
internal sealed class Blob(BlobRow row, Digest digest)
{
    public long Id { get; } = row.Id;

    public long Size { get; } = row.Size;

    public StorageKey Key { get; } = row.Key;

    public DateTimeOffset UsedAt { get; } = row.UsedAt;

    public Digest Digest { get; } = digest;

    public StringValues DigestHeader { get; } = digest.Value;

    public StringValues ETag { get; } = $"\"{digest.Value}\"";
}

/// <summary>Finds blobs for requests. Answers are cached until the next write.</summary>
internal sealed class BlobReads(Db db, RetentionOptions options, TimeProvider time)
{
    /// <summary>How often a look by somebody who may push renews a link: rarely, but while most of the grace period is left.</summary>
    private readonly TimeSpan _renewAfter = TimeSpan.FromHours(Math.Min(1, options.BlobGraceHours / 8));

    private readonly GenerationCache<(long Package, string Digest), Blob> _blobs = new(capacity: 100_000);

    /// <summary>Null when the package does not have the blob.</summary>
    public async ValueTask<Blob?> FindAsync(RegistryAccess access, Digest digest, CancellationToken cancellationToken)
    {
        if (await PackageAsync(access, cancellationToken) is not { } id)
        {
            return null;
        }

        var blob = await _blobs.GetAsync(
            access.At, (id, digest.Value),
            async (key, token) => await db.ReadAsync(session => BlobTable.FindAsync(session, key.Package, digest), token) is { } row
                ? new Blob(row, digest)
                : null,
            cancellationToken);
        if (blob is not null && access.MayPush && time.GetUtcNow() is var now && now - blob.UsedAt > _renewAfter)
        {
            await db.WriteUnderLocksAsync(session => BlobLinkTable.TouchAsync(session, id, blob.Id, now), cancellationToken);
        }

        return blob;
    }

    /// <summary>
    /// Where the caller's blobs of the name are: in the live package, or in what the caller uploaded before there is one.
    /// </summary>
    public async ValueTask<long?> PackageAsync(RegistryAccess access, CancellationToken cancellationToken) =>
        access.PackageId
            ?? await db.ReadAsync(session => PendingPackages.FindAsync(session, access.Principal, access.Facts), cancellationToken);
}
