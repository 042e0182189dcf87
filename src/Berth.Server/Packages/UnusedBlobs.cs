using Berth.Server.Database;

namespace Berth.Server.Packages;

/// <summary>What becomes of blobs when a manifest goes: those that no other live manifest of the package uses are unreadable at once.</summary>
internal static class UnusedBlobs
{
    /// <summary>
    /// Called before or after the manifest is marked deleted, but while its rows are there. A link is hidden, not removed: restoring the
    /// manifest makes its blobs readable again, whatever the flag says.
    /// </summary>
    public static Task HideAsync(DbSession session, long packageId, long manifestId) => session.ExecuteAsync(
        """
        update blob_links set hidden = true
        where package_id = @packageId and blob_id in (select blob_id from manifest_blobs where manifest_id = @manifestId)
          and not exists (
            select 1 from manifest_blobs mb join manifests m on m.id = mb.manifest_id
            where mb.blob_id = blob_links.blob_id and m.package_id = @packageId and m.deleted_at is null and m.id <> @manifestId)
        """,
        new { packageId, manifestId });
}
