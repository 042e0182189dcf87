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

/// <summary>
/// The content of a version of a container package: a manifest, its bytes and what it lists. It is removed with its version.
/// </summary>
internal static class ManifestTable
{
    public static Task<ManifestRow?> FindAsync(DbSession session, long packageId, Reference reference) =>
        reference.Tag is { Value: var tag }
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

    /// <summary>Some of its bytes. Empty behind its end.</summary>
    public static Task<byte[]?> ContentAsync(DbSession session, long id, int from, int length) => session.FirstOrDefaultAsync<byte[]>(
        "select substr(content, @from, @length) from manifest_contents where version_id = @id", new { id, from = from + 1, length });

    /// <summary>Returns those of the digests that are live manifests of the package.</summary>
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

    /// <summary>Inserts what the version is and what it names: the manifests of an index, and blobs that are pushed later.</summary>
    public static async Task InsertAsync(DbSession session, long versionId, Manifest manifest, byte[] content, IEnumerable<Digest> children)
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
        await session.ExecuteAsync(
            "insert into manifest_contents (version_id, content) values (@versionId, @content)", new { versionId, content });
        if (manifest.Base is { } built)
        {
            await session.ExecuteAsync(
                "insert into manifest_bases (version_id, digest, repository) values (@versionId, @digest, @repository)",
                new { versionId, digest = built.Digest.Value, repository = built.Repository });
        }

        foreach (var child in children)
        {
            await session.ExecuteAsync(
                "insert into manifest_children (version_id, digest) values (@versionId, @digest) on conflict (version_id, digest) do "
                    + "nothing",
                new { versionId, digest = child.Value });
        }
    }
}
