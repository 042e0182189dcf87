using Berth.Server.Api;
using Berth.Server.Database;

namespace Berth.Server.Packages.Versions;

/// <summary>One move of a tag, with the present state of its target.</summary>
internal sealed record TagMoveRow
{
    public DateTimeOffset At { get; init; }

    public string? From { get; init; }

    public string? To { get; init; }

    /// <summary>A principal's key, or a part of the server.</summary>
    public string ActorKey { get; init; } = "";

    /// <summary>The name of the account or repository behind the key, as long as it exists.</summary>
    public string? ActorName { get; init; }

    public string? State { get; init; }

    /// <summary>The actor's name for people: <c>ada</c>, <c>workflow of acme/app</c>.</summary>
    public string Actor => ActorName is not null && ActorKey.StartsWith("workflow:", StringComparison.Ordinal)
        ? $"workflow of {ActorName}"
        : ActorName ?? ActorKey;
}

/// <summary>Reads where a tag was, from the events that every change of a package records.</summary>
internal static class TagHistoryTable
{
    private const string OfTag = "e.package_id = @packageId and e.tag = @tag and e.kind in ('tag_moved', 'tag_deleted')";

    /// <summary>The moves of a tag, the newest first.</summary>
    public static async Task<Page<TagMoveRow>> ListAsync(
        DbSession session, long packageId, string tag, DateTimeOffset since, Paging paging)
    {
        var parameters = new { packageId, tag, since, size = paging.Size, offset = paging.Offset };
        var total = await session.SingleAsync<long>($"select count(*) from package_events e where {OfTag}", parameters);
        var rows = await session.QueryAsync<TagMoveRow>(
            $"""
             select e.at, e.old_value as "from", e.new_value as "to", e.actor as actor_key,
                    coalesce(e.actor_name, u.login, o.login || '/' || r.name) as actor_name,
                    case when e.new_value is null then null
                      when exists (select 1 from package_versions v where v.package_id = e.package_id and v.name = e.new_value
                        and v.deleted_at is null) then 'live'
                      when exists (select 1 from package_versions v where v.package_id = e.package_id and v.name = e.new_value
                        and v.deleted_at >= @since) then 'deleted'
                      else 'gone' end as state
             from package_events e
             left join accounts u on e.actor = 'user:' || u.id
             left join repositories r on e.actor = 'workflow:' || r.id left join accounts o on o.id = r.owner_id
             where {OfTag} order by e.id desc limit @size offset @offset
             """,
            parameters);
        return new Page<TagMoveRow>(rows, total);
    }

    /// <summary>The version of this name that was deleted last and can still be restored.</summary>
    public static Task<long?> RestorableAsync(DbSession session, long packageId, string name, DateTimeOffset since) =>
        session.FirstOrDefaultAsync<long?>(
            """
            select id from package_versions where package_id = @packageId and name = @name and deleted_at >= @since
            order by deleted_at desc, id desc limit 1
            """,
            new { packageId, name, since });
}
