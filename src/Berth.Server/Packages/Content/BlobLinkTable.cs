using Berth.Server.Database;
using Berth.Server.Oci;

namespace Berth.Server.Packages.Content;

/// <summary>A blob or manifest that a pushed manifest refers to, as the package has it.</summary>
internal sealed record HeldContent
{
    public long Id { get; init; }

    public string Digest { get; init; } = "";

    public long Size { get; init; }
}

/// <summary>
/// SQL on links. A package has a blob only through a link, and everything that is published holds its blobs through links.
/// </summary>
internal static class BlobLinkTable
{
    /// <summary>Adds the blob to the package.</summary>
    public static Task LinkAsync(DbSession session, long packageId, long blobId, DateTimeOffset now) => session.ExecuteAsync(
        """
        insert into blob_links (package_id, blob_id, used_at) values (@packageId, @blobId, @now)
        on conflict (package_id, blob_id) do update set used_at = @now, hidden = false
        """,
        new { packageId, blobId, now });

    public static Task TouchAsync(DbSession session, long packageId, long blobId, DateTimeOffset now) => session.ExecuteAsync(
        "update blob_links set used_at = @now where package_id = @packageId and blob_id = @blobId", new { packageId, blobId, now });

    /// <summary>Whether a live manifest of the package uses the blob.</summary>
    public static async Task<bool> InUseAsync(DbSession session, long packageId, long blobId) => await session.SingleAsync<long>(
        $"""
        select count(*) from blob_links l where l.package_id = @packageId and l.blob_id = @blobId and {BlobUse.ByLive("l")}
        """,
        new { packageId, blobId }) > 0;

    /// <summary>
    /// Makes the blob unreadable in the package. Its link stays for a grace period, and as long as a deleted version could come back: a
    /// client may just have been told that the blob exists, and may be about to push a manifest that names it.
    /// </summary>
    public static Task HideAsync(DbSession session, long packageId, long blobId) => session.ExecuteAsync(
        "update blob_links set hidden = true where package_id = @packageId and blob_id = @blobId", new { packageId, blobId });

    /// <summary>
    /// Returns those of the digests that the package has as readable blobs, or that were created, mounted or looked up since the given
    /// time, even if they were deleted meanwhile. The same statement renews and locks their links, so that the collector can no longer
    /// remove one that was found here.
    /// </summary>
    public static async Task<Dictionary<string, HeldContent>> ReviveAsync(
        DbSession session, long packageId, IEnumerable<Digest> digests, DateTimeOffset now, DateTimeOffset since)
    {
        var held = new Dictionary<string, HeldContent>(StringComparer.Ordinal);
        foreach (var part in digests.Select(digest => digest.Value).Chunk(500))
        {
            var rows = await session.QueryAsync<HeldContent>(
                $"""
                update blob_links set used_at = @now, hidden = false
                where package_id = @packageId and blob_id in (select id from blobs where digest in @digests)
                  and (hidden = false or used_at >= @since or {BlobUse.ByLive("blob_links")})
                returning blob_id as id, (select digest from blobs where blobs.id = blob_links.blob_id) as digest,
                  (select size from blobs where blobs.id = blob_links.blob_id) as size
                """,
                new { packageId, digests = part, now, since });
            foreach (var row in rows)
            {
                held[row.Digest] = row;
            }
        }

        return held;
    }

    /// <summary>Moves the links of a pending name to the live package.</summary>
    public static Task MoveAsync(DbSession session, long pending, long live) => session.ExecuteAsync(
        """
        insert into blob_links (package_id, blob_id, used_at, hidden) select @live, blob_id, used_at, hidden from blob_links
          where package_id = @pending
        on conflict (package_id, blob_id) do update set hidden = (blob_links.hidden and excluded.hidden),
            used_at = case when excluded.used_at > blob_links.used_at then excluded.used_at else blob_links.used_at end
        """,
        new { live, pending });

    /// <summary>
    /// Copies hidden links of a deleted package to the package that takes its name. Publishers were told since the given time that the
    /// blobs exist, and a manifest may name them.
    /// </summary>
    public static Task CopyHiddenAsync(DbSession session, long deleted, long live, DateTimeOffset since) => session.ExecuteAsync(
        """
        insert into blob_links (package_id, blob_id, used_at, hidden)
        select @live, blob_id, used_at, @hidden from blob_links where package_id = @deleted and used_at >= @since
        on conflict (package_id, blob_id) do nothing
        """,
        new { deleted, live, since, hidden = true });

    /// <summary>
    /// Hides the blobs of the version that no other live manifest of the package uses. Call it before or after the manifest is marked
    /// deleted, but while its rows exist. A link is hidden, not removed: restoring the manifest makes its blobs readable again, whatever
    /// the flag says.
    /// </summary>
    public static Task HideUnusedAsync(DbSession session, long packageId, long versionId) => session.ExecuteAsync(
        $"""
        update blob_links set hidden = true
        where package_id = @packageId and blob_id in (select blob_id from version_blobs where version_id = @versionId)
          and not {BlobUse.ByLive("blob_links", except: "@versionId")}
        """,
        new { packageId, versionId });
}
