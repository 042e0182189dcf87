namespace Berth.Server.Packages.Content;

/// <summary>
/// SQL conditions that say whether versions of a package use a blob that it has a link to. They use cross joins, because SQLite keeps their
/// order and begins with the blob. By its own choice it would look through all versions of the package for every link.
/// </summary>
internal static class BlobUse
{
    /// <summary>A version that is live or can be restored uses the blob.</summary>
    /// <param name="link">The statement's alias of <c>blob_links</c>.</param>
    public static string ByAny(string link) => $"""
        exists (select 1 from version_blobs vb cross join package_versions v
                where vb.blob_id = {link}.blob_id and v.id = vb.version_id and v.package_id = {link}.package_id)
        """;

    /// <summary>A live version uses the blob.</summary>
    /// <param name="except">A version that does not count, such as <c>@versionId</c>. Null: all versions count.</param>
    public static string ByLive(string link, string? except = null) => $"""
        exists (select 1 from version_blobs vb cross join package_versions v
                where vb.blob_id = {link}.blob_id and v.id = vb.version_id and v.package_id = {link}.package_id
                  and v.deleted_at is null{(except is null ? "" : $" and v.id <> {except}")})
        """;
}
