using Berth.Server.Database;

namespace Berth.Server.Packages.Changes;

/// <content>
/// What goes when its retention is over. Each statement says in itself why its rows may go, and takes a few at a time, so that no push
/// waits long; what was restored meanwhile no longer matches. </content>
internal sealed partial class PackageChanges
{
    /// <summary>Removes versions that were deleted longer ago than they are kept, and all versions of packages that were.</summary>
    public async Task<int> CollectVersionsAsync(DateTimeOffset before, int most)
    {
        var gone = await session.QueryAsync<Gone>(
            """
            delete from package_versions where id in (
                select id from (
                    select v.id from package_versions v where v.deleted_at is not null and v.deleted_at < @before
                    union
                    select v.id from package_versions v join packages p on p.id = v.package_id where p.state = 'deleted'
                      and p.deleted_at < @before) old
                order by id limit @most)
            returning id, package_id, name
            """,
            new { before, most });
        foreach (var version in gone)
        {
            await RecordAsync(version.PackageId, new(PackageEventKind.VersionCollected) { VersionId = version.Id, Version = version.Name });
        }

        return gone.Count;
    }

    /// <summary>Removes deleted packages that have no versions any more.</summary>
    public async Task<int> CollectPackagesAsync(DateTimeOffset before, int most)
    {
        var gone = await session.QueryAsync<Gone>(
            """
            delete from packages where id in (
                select p.id from packages p where p.state = 'deleted' and p.deleted_at < @before
                  and not exists (select 1 from package_versions v where v.package_id = p.id)
                order by p.id limit @most)
            returning id as package_id, owner_id, (select login from accounts a where a.id = packages.owner_id) as owner, type, name,
                repository_id
            """,
            new { before, most });
        foreach (var package in gone)
        {
            await HappenAsync(
                $"""
                {InsertEvent}
                values ({Who}, @PackageId, @OwnerId, @Owner, @Type, @Name, @RepositoryId, null, null, null, null, null, null)
                """,
                package, PackageEventKind.Collected);
        }

        return gone.Count;
    }

    /// <summary>
    /// Removes some events that are older than they are kept, and returns how many. Everything that reads events has read those already.
    /// </summary>
    public static Task<int> ForgetEventsAsync(DbSession session, DateTimeOffset before, int most) => session.ExecuteAsync(
        "delete from package_events where id in (select id from package_events where at < @before order by at, id limit @most)",
        new { before, most });

    private sealed record Gone
    {
        public long Id { get; init; }

        public long PackageId { get; init; }

        public long OwnerId { get; init; }

        public string Owner { get; init; } = "";

        public string Type { get; init; } = "";

        public string Name { get; init; } = "";

        public long? RepositoryId { get; init; }
    }
}
