using Berth.Server.Database;
using Berth.Server.Oci;

namespace Berth.Server.Webhooks.Events;

/// <summary>Reads events of packages, and stores how far they were read.</summary>
internal static class EventTable
{
    public static async Task<long> PositionAsync(DbSession session) =>
        await session.FirstOrDefaultAsync<long?>("select position from event_cursors where reader = 'webhooks'") ?? 0;

    /// <summary>Returns false when another node moved it meanwhile.</summary>
    public static async Task<bool> MoveAsync(DbSession session, long from, long to) =>
        await session.ExecuteAsync(
            """
            insert into event_cursors (reader, position) values ('webhooks', @to)
            on conflict (reader) do update set position = @to where event_cursors.position = @from
            """,
            new { from, to }) > 0;

    public static Task<long> LastIdAsync(DbSession session) =>
        session.SingleAsync<long>("select coalesce(max(id), 0) from package_events");

    public static Task<List<EventRow>> AfterAsync(DbSession session, long position, int most) => session.QueryAsync<EventRow>(
        """
        select id, at, kind, package_id, owner_id, owner, type, name, repository_id, actor, actor_name, request_id, version_id, version,
          tag, subject, old_value, new_value
        from package_events where id > @position order by id limit @most
        """,
        new { position, most });

    /// <param name="before">The id of the change's first event. Only earlier events count.</param>
    public static async Task<VersionStanding> StandingAsync(
        DbSession session, long packageId, long versionId, string? version, long before)
    {
        var tags = await session.QueryAsync<string>(
            """
            select distinct e.tag from package_events e
            where e.package_id = @packageId and e.version_id = @versionId and e.id < @before and e.kind = 'tag_moved'
            """,
            new { packageId, versionId, before });
        var isTop = await session.SingleAsync<long>(
            """
            select (select count(*) from npm_versions n where n.version_id = @versionId)
              + (select count(*) from manifests m where m.version_id = @versionId and m.subject is null and m.media_type in @indexes
                and not exists (select 1 from manifest_children c cross join package_versions v
                  where c.digest = @version and v.id = c.version_id and v.package_id = @packageId))
            """,
            new
            {
                packageId,
                versionId,
                version,
                indexes = new[] { MediaTypes.OciIndex, MediaTypes.DockerList },
            });
        return new VersionStanding(tags.Exists(tag => !ReferrersTag.Is(tag)), isTop > 0);
    }
}
