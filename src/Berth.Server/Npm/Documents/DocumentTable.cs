using Berth.Server.Database;

namespace Berth.Server.Npm.Documents;

/// <summary>Stored packuments as they are sent, compressed.</summary>
internal static class DocumentTable
{
    /// <summary>
    /// The number of the package's last event, which changes with everything that a packument contains. Every publish, tag, deprecation and
    /// deletion locks the package's row first, so events of one package are numbered in the order in which they are committed.
    /// </summary>
    public static Task<long> RevisionAsync(DbSession session, long packageId) => session.SingleAsync<long>(
        "select coalesce(max(id), 0) from package_events where package_id = @packageId", new { packageId });

    /// <summary>Null when none was stored for this revision and this address.</summary>
    public static Task<byte[]?> FindAsync(DbSession session, long packageId, long revision, string baseUrl, bool whole) =>
        session.FirstOrDefaultAsync<byte[]>(
            $"""
             select {(whole ? "whole" : "abbreviated")} from npm_documents
             where package_id = @packageId and revision = @revision and base_url = @baseUrl
             """,
            new { packageId, revision, baseUrl });

    /// <summary>Never replaces a newer one.</summary>
    public static Task StoreAsync(
        DbSession session, long packageId, long revision, string baseUrl, byte[] abbreviated, byte[] whole) => session.ExecuteAsync(
        """
        insert into npm_documents (package_id, revision, base_url, abbreviated, whole)
        select id, @revision, @baseUrl, @abbreviated, @whole from packages where id = @packageId
        on conflict (package_id) do update set revision = @revision, base_url = @baseUrl, abbreviated = @abbreviated, whole = @whole
        where npm_documents.revision <= @revision
        """,
        new { packageId, revision, baseUrl, abbreviated, whole });
}
