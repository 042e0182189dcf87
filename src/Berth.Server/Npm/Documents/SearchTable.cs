using Berth.Server.Database;

namespace Berth.Server.Npm.Documents;

/// <summary>What a search says of one package: its latest version, and its owner.</summary>
internal sealed record FoundRow
{
    public long PackageId { get; init; }

    public string Owner { get; init; } = "";

    public string Name { get; init; } = "";

    public string Version { get; init; } = "";

    public string? Publisher { get; init; }

    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>JSON.</summary>
    public string Manifest { get; init; } = "";
}

/// <summary>Reads packages for lists: by the version that <c>latest</c> is on, else the one published last.</summary>
internal static class SearchTable
{
    public static Task<List<FoundRow>> LatestAsync(DbSession session, IReadOnlyList<string> fullNames) => session.QueryAsync<FoundRow>(
        """
        select p.id as package_id, a.login as owner, p.name, v.name as version, n.publisher, v.created_at, n.manifest
        from packages p join accounts a on a.id = p.owner_id
        join package_versions v on v.id = coalesce(
          (select t.version_id from tags t where t.package_id = p.id and t.name = 'latest'),
          (select max(l.id) from package_versions l where l.package_id = p.id and l.deleted_at is null))
        join npm_versions n on n.version_id = v.id
        where p.type = 'npm' and p.state = 'live' and a.folded || '/' || p.name in @fullNames
        order by a.folded || '/' || p.name
        """,
        new { fullNames });
}
