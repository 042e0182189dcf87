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
            select m.id, m.digest, m.media_type, m.size from tags t join manifests m on m.id = t.manifest_id
            where t.package_id = @packageId and t.name = @tag and m.deleted_at is null
            """,
            new { packageId, tag })
        : session.FirstOrDefaultAsync<ManifestRow>(
            "select id, digest, media_type, size from manifests where package_id = @packageId and digest = @digest and deleted_at is null",
            new { packageId, digest = reference.Digest!.Value });

    public static Task<byte[]?> ContentAsync(DbSession session, long id) =>
        session.FirstOrDefaultAsync<byte[]>("select content from manifest_contents where manifest_id = @id", new { id });

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
                "select id, digest, size from manifests where package_id = @packageId and deleted_at is null and digest in @digests",
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
            insert into manifests (package_id, digest, media_type, artifact_type, subject, annotations, size, created_by, created_at, updated_at)
            values (@packageId, @digest, @mediaType, @artifactType, @subject, @annotations, @size, @createdBy, @now, @now)
            on conflict (package_id, digest) where deleted_at is null do nothing
            returning id
            """,
            new
            {
                packageId,
                digest = digest.Value,
                mediaType = manifest.MediaType,
                artifactType = manifest.ArtifactType,
                subject = manifest.Subject?.Value,
                annotations = manifest.Annotations,
                size = content.Length,
                createdBy,
                now,
            });
        if (made is { } id)
        {
            await session.ExecuteAsync("insert into manifest_contents (manifest_id, content) values (@id, @content)", new { id, content });
            return (id, true);
        }

        var existing = await session.SingleAsync<long>(
            "update manifests set updated_at = @now where package_id = @packageId and digest = @digest and deleted_at is null returning id",
            new { packageId, digest = digest.Value, now });
        return (existing, false);
    }

    /// <param name="session">The transaction.</param>
    /// <param name="manifestId">Who holds.</param>
    /// <param name="packageId">Its package.</param>
    /// <param name="blobs">Blobs that the package has.</param>
    /// <param name="children">What is held by its digest, here or not: manifests of an index, and blobs that come later (<see cref="HoldLateAsync"/>).</param>
    public static async Task HoldAsync(DbSession session, long manifestId, long packageId, IEnumerable<long> blobs, IEnumerable<Digest> children)
    {
        foreach (var part in blobs.Chunk(500))
        {
            await session.ExecuteAsync(
                """
                insert into manifest_blobs (manifest_id, blob_id)
                select @manifestId, blob_id from blob_links where package_id = @packageId and blob_id in @blobs
                on conflict (manifest_id, blob_id) do nothing
                """,
                new { manifestId, packageId, blobs = part });
        }

        foreach (var child in children)
        {
            await session.ExecuteAsync(
                "insert into manifest_children (manifest_id, digest) values (@manifestId, @digest) on conflict (manifest_id, digest) do nothing",
                new { manifestId, digest = child.Value });
        }
    }

    /// <summary>A blob that was linked now is held by the sparse manifests of the package that were pushed before it.</summary>
    public static Task HoldLateAsync(DbSession session, long packageId, Digest digest, long blobId) => session.ExecuteAsync(
        """
        insert into manifest_blobs (manifest_id, blob_id)
        select c.manifest_id, @blobId from manifest_children c join manifests m on m.id = c.manifest_id
        where c.digest = @digest and m.package_id = @packageId
        on conflict (manifest_id, blob_id) do nothing
        """,
        new { packageId, digest = digest.Value, blobId });

    public static Task TagAsync(DbSession session, long packageId, string tag, long manifestId, DateTimeOffset now) => session.ExecuteAsync(
        """
        insert into tags (package_id, name, manifest_id, created_at, updated_at) values (@packageId, @tag, @manifestId, @now, @now)
        on conflict (package_id, name) do update set manifest_id = @manifestId, updated_at = @now
        """,
        new { packageId, tag, manifestId, now });

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
            "update manifests set deleted_at = @now where package_id = @packageId and digest = @digest and deleted_at is null returning id",
            new { packageId, digest = digest.Value, now });
        if (found is not { } id)
        {
            return false;
        }

        await session.ExecuteAsync("insert into deleted_tags (manifest_id, name) select manifest_id, name from tags where manifest_id = @id", new { id });
        await session.ExecuteAsync("delete from tags where manifest_id = @id", new { id });
        await BlobLinkTable.HideUnusedAsync(session, packageId, id);
        return true;
    }
}
