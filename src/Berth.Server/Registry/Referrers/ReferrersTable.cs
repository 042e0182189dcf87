using Berth.Server.Database;
using Berth.Server.Oci;

namespace Berth.Server.Registry.Referrers;

/// <summary>A manifest as the referrers API describes it.</summary>
internal sealed record ReferrerRow
{
    public string Digest { get; init; } = "";

    public string MediaType { get; init; } = "";

    public long Size { get; init; }

    public string? ArtifactType { get; init; }

    public string? Annotations { get; init; }
}

internal static class ReferrersTable
{
    /// <summary>
    /// Live manifests whose subject is the digest, and those that an index pushed under the tag <c>sha256-HEX</c> lists: that is how clients
    /// attached artifacts before registries had this API (distribution-spec, "Referrers Tag Schema").
    /// </summary>
    public static Task<List<ReferrerRow>> ListAsync(
        DbSession session, long packageId, Digest subject, string? artifactType, string last, int limit) =>
        session.QueryAsync<ReferrerRow>(
            """
            select m.digest, m.media_type, m.size, m.artifact_type, m.annotations from manifests m
            where m.package_id = @packageId and m.deleted_at is null and m.digest > @last
              and (m.subject = @subject or m.digest in (
                select c.digest from tags t join manifests i on i.id = t.manifest_id join manifest_children c on c.manifest_id = i.id
                where t.package_id = @packageId and t.name = @fallback and i.media_type = @index and i.deleted_at is null))
              and (@artifactType is null or m.artifact_type = @artifactType)
            order by m.digest limit @limit
            """,
            new
            {
                packageId,
                subject = subject.Value,
                fallback = FallbackTag(subject),
                index = MediaTypes.OciIndex,
                artifactType,
                last,
                limit,
            });

    /// <summary>The digest as a tag: a dash for the colon, at most 128 characters.</summary>
    private static string FallbackTag(Digest subject)
    {
        var tag = $"{subject.Algorithm}-{subject.Hex}";
        return tag.Length > 128 ? tag[..128] : tag;
    }
}
