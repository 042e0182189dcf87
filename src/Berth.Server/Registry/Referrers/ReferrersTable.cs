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
    /// Live manifests whose subject is the digest. What clients push under the tag <c>sha256-HEX</c> (distribution-spec, "Referrers Tag Schema") is an
    /// index of manifests that name their subject, so they are found here as well; an index under such a tag may also be the image itself, as
    /// <c>cosign copy</c> makes it, and its platforms refer to nothing.
    /// </summary>
    public static Task<List<ReferrerRow>> ListAsync(
        DbSession session, long packageId, Digest subject, string? artifactType, string last, int limit) =>
        session.QueryAsync<ReferrerRow>(
            """
            select digest, media_type, size, artifact_type, annotations from manifests
            where package_id = @packageId and subject = @subject and deleted_at is null and digest > @last
              and (@artifactType is null or artifact_type = @artifactType)
            order by digest limit @limit
            """,
            new { packageId, subject = subject.Value, artifactType, last, limit });
}
