using Berth.Server.Database;

namespace Berth.Server.Registry.Referrers;

/// <summary>A manifest as the referrers API describes it.</summary>
internal sealed record ReferrerRow
{
    public long Id { get; init; }

    public string Digest { get; init; } = "";

    public string MediaType { get; init; } = "";

    public long Size { get; init; }

    public string? ArtifactType { get; init; }

    /// <summary>Null where it has none, and where they are read apart.</summary>
    public string? Annotations { get; init; }

    /// <summary>It has annotations that may be large.</summary>
    public bool AnnotationsApart { get; init; }
}

/// <summary>How large a referrer is; the manifest, which is more than its descriptor.</summary>
internal sealed record ReferrerSize
{
    public string Digest { get; init; } = "";

    public long Size { get; init; }
}

/// <summary>
/// SQL over live manifests whose subject is a digest. What clients push under the tag <c>sha256-HEX</c> (distribution-spec, "Referrers Tag
/// Schema") is an index of
/// manifests that name their subject, so they are found here as well; an index under such a tag may also be the image itself, as <c>cosign
/// copy</c> makes it, and
/// its platforms refer to nothing.
/// </summary>
internal static class ReferrersTable
{
    /// <summary>Characters of annotations that are read at once.</summary>
    public const int PieceLength = 128 * 1024;

    /// <summary>Manifests with at most so many bytes are read whole, as many at once as are little memory together.</summary>
    private const int Small = 8 * 1024;
    private const int AtOnce = 32;

    private const string Referring = """
        package_id = @PackageId and subject = @subject and deleted_at is null and digest > @After
          and (@ArtifactType is null or artifact_type = @ArtifactType)
        """;

    public static Task<List<ReferrerSize>> SizesAsync(DbSession session, ReferrersQuery query, int limit) =>
        session.QueryAsync<ReferrerSize>(
            $"select digest, size from manifests where {Referring} order by digest limit @limit",
            new { query.PackageId, subject = query.Subject.Value, query.After, query.ArtifactType, limit });

    /// <summary>Some of them, up to a last one.</summary>
    public static Task<List<ReferrerRow>> ListAsync(DbSession session, ReferrersQuery query, string last) =>
        session.QueryAsync<ReferrerRow>(
            $"""
            select id, digest, media_type, size, artifact_type, case when size <= @small then annotations end as annotations,
              (size > @small and annotations is not null) as annotations_apart
            from manifests where {Referring} and digest <= @last order by digest limit @limit
            """,
            new { query.PackageId, subject = query.Subject.Value, query.After, query.ArtifactType, last, small = Small, limit = AtOnce });

    /// <summary>A piece of a manifest's annotations, empty behind their end; null when the manifest is gone.</summary>
    public static Task<string?> AnnotationsAsync(DbSession session, long id, int from) => session.FirstOrDefaultAsync<string>(
        "select substr(annotations, @from, @length) from manifests where id = @id", new { id, from = from + 1, length = PieceLength });
}
