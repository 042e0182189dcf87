namespace Berth.Server.Packages.Content;

/// <summary>
/// Whether versions of a package use a blob that it has a link to, as a condition of SQL. The joins are crossed: SQLite keeps to their
/// order then, and begins with the blob. By its own choice it looks through all versions of the package, for every link.
/// </summary>
internal static class BlobUse
{
    /// <summary>By a version that is live or may come back.</summary>
    /// <param name="link">The statement's alias of <c>blob_links</c>.</param>
    public static string ByAny(string link) => $"""
        exists (select 1 from version_blobs vb cross join package_versions v
                where vb.blob_id = {link}.blob_id and v.id = vb.version_id and v.package_id = {link}.package_id)
        """;

    /// <summary>By a live version.</summary>
    /// <param name="except">A version that does not count, such as <c>@versionId</c>. Null: all versions count.</param>
    public static string ByLive(string link, string? except = null) => $"""
        exists (select 1 from version_blobs vb cross join package_versions v
                where vb.blob_id = {link}.blob_id and v.id = vb.version_id and v.package_id = {link}.package_id
                  and v.deleted_at is null{(except is null ? "" : $" and v.id <> {except}")})
        """;
}
