using Berth.Server.Database;
using Berth.Server.Oci;
using Berth.Server.Storage;

namespace Berth.Server.Packages.Content;

/// <summary>
/// Makes finished bytes a blob of a package. The bytes come first: a row that is not written leaves bytes for the collector. Where the same
/// content is here already, the new bytes go, unless those of before are lost.
/// </summary>
internal sealed class KeepBlob(Db db, IBlobStore blobs)
{
    /// <summary>The row of this content whose bytes are not in the store; asked before the transaction, which does nothing but
    /// SQL.</summary>
    public async Task<BlobRow?> LostAsync(Digest digest)
    {
        var known = await db.ReadAsync(session => BlobTable.FindAnywhereAsync(session, digest), CancellationToken.None);
        return known is not null && await blobs.SizeAsync(known.Key, CancellationToken.None) != known.Size ? known : null;
    }

    /// <summary>The blob's id. For use inside the transaction that the package's id is from.</summary>
    /// <param name="lost">What <see cref="LostAsync"/> returned.</param>
    public static async Task<long> RecordAsync(
        DbSession session, long packageId, StorageKey upload, CommitResult commit, BlobRow? lost, DateTimeOffset now)
    {
        if (lost is not null)
        {
            await BlobTable.ReplaceBytesAsync(session, lost.Id, lost.StorageKey, upload);
        }

        var blob = await BlobTable.EnsureAsync(session, commit.Actual, commit.Size, upload, now);
        if (blob.Key != upload)
        {
            await BlobTable.TrashAsync(session, upload, now);
        }

        await BlobLinkTable.LinkAsync(session, packageId, blob.Id, now);
        return blob.Id;
    }
}
