using Berth.Server.Database;

namespace Berth.Server.Packages.Pulls;

/// <summary>How often versions and packages were pulled, and when last.</summary>
internal static class PullTable
{
    /// <summary>The time when this database began to count.</summary>
    public static Task<DateTimeOffset> CountedSinceAsync(DbSession session) =>
        session.SingleAsync<DateTimeOffset>("select applied_at from migrations where number = 15");

    /// <summary>
    /// Adds pulls. Versions that are gone meanwhile are left out. A platform of a live index is not counted for the package, since a client
    /// fetches the index and then its platform, and that is one pull.
    /// </summary>
    public static async Task AddAsync(DbSession session, IEnumerable<KeyValuePair<long, PullTally>> pulls)
    {
        foreach (var (versionId, one) in pulls)
        {
            var parameters = new { versionId, count = one.Count, at = one.LastAt };
            await session.ExecuteAsync(
                """
                insert into version_pulls (version_id, pulls, last_pulled_at)
                select v.id, @count, @at from package_versions v where v.id = @versionId
                on conflict (version_id) do update set pulls = version_pulls.pulls + excluded.pulls,
                  last_pulled_at = case when excluded.last_pulled_at > version_pulls.last_pulled_at then excluded.last_pulled_at
                    else version_pulls.last_pulled_at end
                """,
                parameters);
            await session.ExecuteAsync(
                """
                insert into package_pulls (package_id, pulls, last_pulled_at)
                select v.package_id, @count, @at from package_versions v where v.id = @versionId and not exists (
                    select 1 from manifest_children c cross join package_versions i
                    where c.digest = v.name and i.id = c.version_id and i.package_id = v.package_id and i.deleted_at is null)
                on conflict (package_id) do update set pulls = package_pulls.pulls + excluded.pulls,
                  last_pulled_at = case when excluded.last_pulled_at > package_pulls.last_pulled_at then excluded.last_pulled_at
                    else package_pulls.last_pulled_at end
                """,
                parameters);
        }
    }
}
