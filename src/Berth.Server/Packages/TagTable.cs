using Berth.Server.Database;

namespace Berth.Server.Packages;

/// <summary>A tag and the version that it is on.</summary>
internal sealed record HeldTag
{
    public string Tag { get; init; } = "";

    public string Version { get; init; } = "";

    public long VersionId { get; init; }

    public DateTimeOffset UpdatedAt { get; init; }
}

/// <summary>Reads tags. Nothing else does. <see cref="Changes.PackageChanges"/> writes them.</summary>
internal static class TagTable
{
    /// <summary>All tags of a package, by their names.</summary>
    public static Task<List<HeldTag>> OfPackageAsync(DbSession session, long packageId) => session.QueryAsync<HeldTag>(
        """
        select t.name as tag, v.name as version, v.id as version_id, t.updated_at
        from tags t join package_versions v on v.id = t.version_id where t.package_id = @packageId order by t.name
        """,
        new { packageId });

    /// <summary>The tags that point at live versions, or those that pointed at deleted ones.</summary>
    public static async Task<ILookup<long, string>> OfVersionsAsync(DbSession session, IReadOnlyList<long> ids, bool deleted)
    {
        var rows = ids.Count == 0 ? [] : await session.QueryAsync<HeldTag>(
            $"""
             select version_id, name as tag from {(deleted ? "deleted_tags" : "tags")} where version_id in @ids order by name
             """,
            new { ids });
        return rows.ToLookup(row => row.VersionId, row => row.Tag);
    }
}
