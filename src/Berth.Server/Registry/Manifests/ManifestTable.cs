using Berth.Server.Database;
using Berth.Server.Oci;
using Berth.Server.Packages.Content;

namespace Berth.Server.Registry.Manifests;

/// <summary>A live manifest without its bytes.</summary>
internal sealed record ManifestRow
{
    public long Id { get; init; }

    public string Digest { get; init; } = "";

    public string MediaType { get; init; } = "";

    public long Size { get; init; }
}

/// <summary>SQL over manifests and what they hold. Deleting is soft: a deleted manifest keeps its rows until its retention is over.</summary>
internal static class ManifestTable
{
    public static Task<ManifestRow?> FindAsync(DbSession session, long packageId, Reference reference) => reference.Tag is { Value: var tag }
        ? session.FirstOrDefaultAsync<ManifestRow>(
            """
            select v.id, v.name as digest, m.media_type, m.size
            from tags t join package_versions v on v.id = t.version_id join manifests m on m.version_id = v.id
            where t.package_id = @packageId and t.name = @tag and v.deleted_at is null
            """,
            new { packageId, tag })
        : session.FirstOrDefaultAsync<ManifestRow>(
            """
            select v.id, v.name as digest, m.media_type, m.size from package_versions v join manifests m on m.version_id = v.id
            where v.package_id = @packageId and v.name = @digest and v.deleted_at is null
            """,
            new { packageId, digest = reference.Digest!.Value });

    public static Task<byte[]?> ContentAsync(DbSession session, long id) =>
        session.FirstOrDefaultAsync<byte[]>("select content from manifest_contents where version_id = @id", new { id });

    /// <summary>Some of its bytes; none behind its end.</summary>
    public static Task<byte[]?> ContentAsync(DbSession session, long id, int from, int length) => session.FirstOrDefaultAsync<byte[]>(
        "select substr(content, @from, @length) from manifest_contents where manifest_id = @id", new { id, from = from + 1, length });

    /// <summary>Those of the digests that are live manifests of the package.</summary>
    public static async Task<Dictionary<string, HeldContent>> KnownAsync(DbSession session, long packageId, IEnumerable<Digest> digests)
    {
        var known = new Dictionary<string, HeldContent>(StringComparer.Ordinal);
        foreach (var part in digests.Select(digest => digest.Value).Chunk(500))
        {
            var rows = await session.QueryAsync<HeldContent>(
                """
                select v.id, v.name as digest, m.size from package_versions v join manifests m on m.version_id = v.id
                where v.package_id = @packageId and v.deleted_at is null and v.name in @digests
                """,
                new { packageId, digests = part });
            foreach (var row in rows)
            {
                known[row.Digest] = row;
            }
        }

        return known;
    }

    /// <summary>Makes the version, or renews the live one of the same digest. A deleted one of that digest stays deleted: this is a new version.</summary>
    public static async Task<(long Id, bool Made)> EnsureAsync(
        DbSession session, long packageId, Digest digest, Manifest manifest, byte[] content, string createdBy, DateTimeOffset now)
    {
        var made = await session.FirstOrDefaultAsync<long?>(
            """
            insert into package_versions (package_id, name, created_by, created_at, updated_at)
            values (@packageId, @digest, @createdBy, @now, @now)
            on conflict (package_id, name) where deleted_at is null do nothing
            returning id
            """,
            new { packageId, digest = digest.Value, createdBy, now });
        if (made is { } id)
        {
            await InsertAsync(session, id, manifest, content);
            return (id, true);
        }

        var existing = await session.SingleAsync<long>(
            "update package_versions set updated_at = @now where package_id = @packageId and name = @digest and deleted_at is null returning id",
            new { packageId, digest = digest.Value, now });
        return (existing, false);
    }

    private static async Task InsertAsync(DbSession session, long versionId, Manifest manifest, byte[] content)
    {
        await session.ExecuteAsync(
            """
            insert into manifests (version_id, media_type, artifact_type, subject, annotations, size)
            values (@versionId, @mediaType, @artifactType, @subject, @annotations, @size)
            """,
            new
            {
                versionId,
                mediaType = manifest.MediaType,
                artifactType = manifest.ArtifactType,
                subject = manifest.Subject?.Value,
                annotations = manifest.Annotations,
                size = content.Length,
            });
        await session.ExecuteAsync("insert into manifest_contents (version_id, content) values (@versionId, @content)", new { versionId, content });
    }

    /// <param name="session">The transaction.</param>
    /// <param name="versionId">Who holds.</param>
    /// <param name="packageId">Its package.</param>
    /// <param name="blobs">Blobs that the package has.</param>
    /// <param name="children">What is held by its digest, here or not: manifests of an index, and blobs that come later (<see cref="HoldLateAsync"/>).</param>
    public static async Task HoldAsync(DbSession session, long versionId, long packageId, IEnumerable<long> blobs, IEnumerable<Digest> children)
    {
        foreach (var part in blobs.Chunk(500))
        {
            await session.ExecuteAsync(
                """
                insert into version_blobs (version_id, blob_id)
                select @versionId, blob_id from blob_links where package_id = @packageId and blob_id in @blobs
                on conflict (version_id, blob_id) do nothing
                """,
                new { versionId, packageId, blobs = part });
        }

        foreach (var child in children)
        {
            await session.ExecuteAsync(
                "insert into manifest_children (version_id, digest) values (@versionId, @digest) on conflict (version_id, digest) do nothing",
                new { versionId, digest = child.Value });
        }
    }

    /// <summary>A blob that was linked now is held by the sparse manifests of the package that were pushed before it.</summary>
    public static Task HoldLateAsync(DbSession session, long packageId, Digest digest, long blobId) => session.ExecuteAsync(
        """
        insert into version_blobs (version_id, blob_id)
        select c.version_id, @blobId from manifest_children c join package_versions v on v.id = c.version_id
        where c.digest = @digest and v.package_id = @packageId
        on conflict (version_id, blob_id) do nothing
        """,
        new { packageId, digest = digest.Value, blobId });

    public static Task TagAsync(DbSession session, long packageId, string tag, long versionId, DateTimeOffset now) => session.ExecuteAsync(
        """
        insert into tags (package_id, name, version_id, created_at, updated_at) values (@packageId, @tag, @versionId, @now, @now)
        on conflict (package_id, name) do update set version_id = @versionId, updated_at = @now
        """,
        new { packageId, tag, versionId, now });

    public static async Task<bool> UntagAsync(DbSession session, long packageId, string tag) =>
        await session.ExecuteAsync("delete from tags where package_id = @packageId and name = @tag", new { packageId, tag }) > 0;

    /// <summary>
    /// Deletes softly: unreadable at once, its tags remembered, and the blobs that no other live manifest uses hidden. False when there is
    /// no such live manifest.
    /// </summary>
    public static async Task<bool> DeleteAsync(DbSession session, long packageId, Digest digest, DateTimeOffset now)
    {
        // The package's row orders this before or after every push to it.
        await session.ExecuteAsync("update packages set updated_at = @now where id = @packageId", new { packageId, now });
        var found = await session.FirstOrDefaultAsync<long?>(
            "update package_versions set deleted_at = @now where package_id = @packageId and name = @digest and deleted_at is null returning id",
            new { packageId, digest = digest.Value, now });
        if (found is not { } id)
        {
            return false;
        }

        await session.ExecuteAsync("insert into deleted_tags (version_id, name) select version_id, name from tags where version_id = @id", new { id });
        await session.ExecuteAsync("delete from tags where version_id = @id", new { id });
        await BlobLinkTable.HideUnusedAsync(session, packageId, id);
        return true;
    }
}
