using Berth.Server.Database;
using Berth.Server.Oci;
using Berth.Server.Storage;

namespace Berth.Server.Packages.Content;

/// <summary>
/// Makes finished bytes a blob of a package. The bytes are stored before the row: if the row is not written, the collector removes the
/// bytes. If the same content exists already, the new bytes are dropped, unless the earlier bytes were lost.
/// </summary>
internal sealed class KeepBlob(Db db, IBlobStore blobs)
{
    /// <summary>
    /// Finds a row with this content whose bytes are not in the store. Called before the transaction, which does nothing but SQL.
    /// </summary>
    public async Task<BlobRow?> LostAsync(Digest digest)
    {
        var known = await db.ReadAsync(session => BlobTable.FindAnywhereAsync(session, digest), CancellationToken.None);
        return known is not null && await blobs.SizeAsync(known.Key, CancellationToken.None) != known.Size ? known : null;
    }

    /// <summary>Returns the blob's id. Call it in the transaction that the package's id was read in.</summary>
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
