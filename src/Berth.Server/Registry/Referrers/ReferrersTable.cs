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

    /// <summary>Null when it has none, or when they are read separately.</summary>
    public string? Annotations { get; init; }

    /// <summary>Whether it has annotations that may be large.</summary>
    public bool AnnotationsApart { get; init; }
}

/// <summary>The size of a referrer's manifest, which is more than that of its descriptor.</summary>
internal sealed record ReferrerSize
{
    public string Digest { get; init; } = "";

    public long Size { get; init; }
}

/// <summary>
/// SQL on live manifests whose subject is a digest. What clients push under the tag <c>sha256-HEX</c> (distribution-spec, "Referrers Tag
/// Schema") is an index of manifests that name their subject, so they are found here too. An index under such a tag may also be the image
/// itself, as <c>cosign copy</c> makes it. Its platforms refer to nothing.
/// </summary>
internal static class ReferrersTable
{
    /// <summary>The characters of annotations that are read at once.</summary>
    public const int PieceLength = 128 * 1024;

    /// <summary>Manifests up to this many bytes are read whole. As many are read at once as together take little memory.</summary>
    private const int Small = 8 * 1024;
    private const int AtOnce = 32;

    private const string Referring = """
        from manifests m cross join package_versions v
        where m.subject = @subject and v.id = m.version_id and v.package_id = @PackageId and v.deleted_at is null and v.name > @After
          and (@ArtifactType is null or m.artifact_type = @ArtifactType)
        """;

    public static Task<List<ReferrerSize>> SizesAsync(DbSession session, ReferrersQuery query, int limit) =>
        session.QueryAsync<ReferrerSize>(
            $"select v.name as digest, m.size {Referring} order by v.name limit @limit",
            new { query.PackageId, subject = query.Subject.Value, query.After, query.ArtifactType, limit });

    /// <summary>Lists some of the referrers, up to the given last one.</summary>
    public static Task<List<ReferrerRow>> ListAsync(DbSession session, ReferrersQuery query, string last) =>
        session.QueryAsync<ReferrerRow>(
            $"""
            select v.id, v.name as digest, m.media_type, m.size, m.artifact_type,
              case when m.size <= @small then m.annotations end as annotations,
              (m.size > @small and m.annotations is not null) as annotations_apart
            {Referring} and v.name <= @last order by v.name limit @limit
            """,
            new { query.PackageId, subject = query.Subject.Value, query.After, query.ArtifactType, last, small = Small, limit = AtOnce });

    /// <summary>A piece of a manifest's annotations. Empty behind their end. Null when the manifest is gone.</summary>
    public static Task<string?> AnnotationsAsync(DbSession session, long id, int from) => session.FirstOrDefaultAsync<string>(
        "select substr(annotations, @from, @length) from manifests where version_id = @id",
        new { id, from = from + 1, length = PieceLength });
}
