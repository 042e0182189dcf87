using Berth.Server.Api;
using Berth.Server.Database;
using Berth.Server.Packages.Content;

namespace Berth.Server.Packages.Versions;

/// <summary>One version of a package, live or deleted and not yet gone.</summary>
internal sealed record VersionRow
{
    public long Id { get; init; }

    /// <summary>Of a container package the manifest's digest.</summary>
    public string Name { get; init; } = "";

    public DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset UpdatedAt { get; init; }

    public DateTimeOffset? DeletedAt { get; init; }
}

/// <summary>All SQL about versions as REST sees them, and their soft deletion, which the registry shares.</summary>
internal static class VersionTable
{
    private const string Columns = "v.id, v.name, v.created_at, v.updated_at, v.deleted_at";

    public static Task<VersionRow?> FindAsync(DbSession session, long packageId, long id) => session.FirstOrDefaultAsync<VersionRow>(
        $"select {Columns} from package_versions v where v.package_id = @packageId and v.id = @id", new { packageId, id });

    /// <summary>The newest first.</summary>
    public static async Task<Page<VersionRow>> ListAsync(DbSession session, long packageId, bool deleted, DateTimeOffset since, Paging paging)
    {
        var condition = deleted ? "v.deleted_at >= @since" : "v.deleted_at is null";
        var parameters = new { packageId, since, size = paging.Size, offset = paging.Offset };
        var total = await session.SingleAsync<long>($"select count(*) from package_versions v where v.package_id = @packageId and {condition}", parameters);
        var rows = await session.QueryAsync<VersionRow>(
            $"select {Columns} from package_versions v where v.package_id = @packageId and {condition} order by v.id desc limit @size offset @offset", parameters);
        return new Page<VersionRow>(rows, total);
    }

    /// <summary>Of live versions the tags that point at them; of deleted ones those that did.</summary>
    public static async Task<ILookup<long, string>> TagsAsync(DbSession session, IReadOnlyList<long> ids, bool deleted)
    {
        var rows = ids.Count == 0 ? [] : await session.QueryAsync<TagOf>(
            $"select version_id, name from {(deleted ? "deleted_tags" : "tags")} where version_id in @ids order by name", new { ids });
        return rows.ToLookup(row => row.VersionId, row => row.Name);
    }

    public static Task<long> CountAsync(DbSession session, long packageId) => session.SingleAsync<long>(
        "select count(*) from package_versions where package_id = @packageId and deleted_at is null", new { packageId });

    public static async Task<bool> IsLiveAsync(DbSession session, long packageId, string name) => await session.SingleAsync<long>(
        "select count(*) from package_versions where package_id = @packageId and name = @name and deleted_at is null", new { packageId, name }) > 0;

    /// <summary>A live version of the package that lists this one: an index.</summary>
    public static Task<string?> ParentAsync(DbSession session, long packageId, string name) => session.FirstOrDefaultAsync<string>(
        """
        select v.name from manifest_children c join package_versions v on v.id = c.version_id
        where c.digest = @name and v.package_id = @packageId and v.deleted_at is null order by v.id limit 1
        """,
        new { packageId, name });

    /// <summary>Its tags go with it, and are kept for its restoration.</summary>
    public static async Task DeleteAsync(DbSession session, long packageId, long id, DateTimeOffset now)
    {
        await session.ExecuteAsync(
            "insert into deleted_tags (version_id, name) select version_id, name from tags where version_id = @id on conflict (version_id, name) do nothing",
            new { id });
        await session.ExecuteAsync("delete from tags where version_id = @id", new { id });
        await session.ExecuteAsync("update package_versions set deleted_at = @now, updated_at = @now where id = @id and deleted_at is null", new { id, now });
        await BlobLinkTable.HideUnusedAsync(session, packageId, id);
    }

    public static async Task PurgeAsync(DbSession session, long packageId, long id)
    {
        await BlobLinkTable.HideUnusedAsync(session, packageId, id);
        await session.ExecuteAsync("delete from package_versions where id = @id", new { id });
    }

    /// <summary>
    /// The version with everything it lists and everything that refers to it, as far as that is deleted and still kept. A digest that was
    /// pushed again since is live already and stays as it is.
    /// </summary>
    public static async Task RestoreGraphAsync(DbSession session, long packageId, VersionRow root, DateTimeOffset since, DateTimeOffset now)
    {
        var waiting = new Queue<VersionRow>([root]);
        while (waiting.TryDequeue(out var version))
        {
            if (await IsLiveAsync(session, packageId, version.Name))
            {
                continue;
            }

            await RestoreAsync(session, packageId, version.Id, now);
            var neighbours = await session.QueryAsync<VersionRow>(
                $"""
                 select {Columns} from package_versions v left join manifests m on m.version_id = v.id
                 where v.package_id = @packageId and v.deleted_at >= @since
                   and (m.subject = @name or v.name in (select digest from manifest_children where version_id = @id))
                 order by v.deleted_at desc, v.id desc
                 """,
                new { packageId, since, name = version.Name, id = version.Id });
            neighbours.ForEach(waiting.Enqueue);
        }
    }

    private static async Task RestoreAsync(DbSession session, long packageId, long id, DateTimeOffset now)
    {
        await session.ExecuteAsync("update package_versions set deleted_at = null, updated_at = @now where id = @id", new { id, now });
        await session.ExecuteAsync(
            """
            insert into tags (package_id, name, version_id, created_at, updated_at)
            select @packageId, name, version_id, @now, @now from deleted_tags where version_id = @id
            on conflict (package_id, name) do nothing
            """,
            new { packageId, id, now });
        await session.ExecuteAsync("delete from deleted_tags where version_id = @id", new { id });
    }

    private sealed record TagOf
    {
        public long VersionId { get; init; }

        public string Name { get; init; } = "";
    }
}
