using Berth.Server.Api;
using Berth.Server.Database;
using Berth.Server.Packages.Content;

namespace Berth.Server.Packages.Versions;

/// <summary>One version of a container package: a manifest, live or deleted and not yet gone.</summary>
internal sealed record VersionRow
{
    public long Id { get; init; }

    public string Digest { get; init; } = "";

    public DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset UpdatedAt { get; init; }

    public DateTimeOffset? DeletedAt { get; init; }
}

/// <summary>All SQL about versions as REST sees them, and their soft deletion, which the registry shares.</summary>
internal static class VersionTable
{
    private const string Columns = "m.id, m.digest, m.created_at, m.updated_at, m.deleted_at";

    public static Task<VersionRow?> FindAsync(DbSession session, long packageId, long id) => session.FirstOrDefaultAsync<VersionRow>(
        $"select {Columns} from manifests m where m.package_id = @packageId and m.id = @id", new { packageId, id });

    /// <summary>The newest first.</summary>
    public static async Task<Page<VersionRow>> ListAsync(DbSession session, long packageId, bool deleted, DateTimeOffset since, Paging paging)
    {
        var condition = deleted ? "m.deleted_at >= @since" : "m.deleted_at is null";
        var parameters = new { packageId, since, size = paging.Size, offset = paging.Offset };
        var total = await session.SingleAsync<long>($"select count(*) from manifests m where m.package_id = @packageId and {condition}", parameters);
        var rows = await session.QueryAsync<VersionRow>(
            $"select {Columns} from manifests m where m.package_id = @packageId and {condition} order by m.id desc limit @size offset @offset", parameters);
        return new Page<VersionRow>(rows, total);
    }

    /// <summary>Of live versions the tags that point at them; of deleted ones those that did.</summary>
    public static async Task<ILookup<long, string>> TagsAsync(DbSession session, IReadOnlyList<long> ids, bool deleted)
    {
        var rows = ids.Count == 0 ? [] : await session.QueryAsync<TagOf>(
            $"select manifest_id, name from {(deleted ? "deleted_tags" : "tags")} where manifest_id in @ids order by name", new { ids });
        return rows.ToLookup(row => row.ManifestId, row => row.Name);
    }

    public static Task<long> CountAsync(DbSession session, long packageId) => session.SingleAsync<long>(
        "select count(*) from manifests where package_id = @packageId and deleted_at is null", new { packageId });

    public static async Task<bool> IsLiveAsync(DbSession session, long packageId, string digest) => await session.SingleAsync<long>(
        "select count(*) from manifests where package_id = @packageId and digest = @digest and deleted_at is null", new { packageId, digest }) > 0;

    /// <summary>A live index of the package that lists the digest.</summary>
    public static Task<string?> ParentAsync(DbSession session, long packageId, string digest) => session.FirstOrDefaultAsync<string>(
        """
        select m.digest from manifest_children c join manifests m on m.id = c.manifest_id
        where c.digest = @digest and m.package_id = @packageId and m.deleted_at is null order by m.id limit 1
        """,
        new { packageId, digest });

    /// <summary>Its tags go with it, and are kept for its restoration.</summary>
    public static async Task DeleteAsync(DbSession session, long packageId, long id, DateTimeOffset now)
    {
        await session.ExecuteAsync(
            "insert into deleted_tags (manifest_id, name) select manifest_id, name from tags where manifest_id = @id on conflict (manifest_id, name) do nothing",
            new { id });
        await session.ExecuteAsync("delete from tags where manifest_id = @id", new { id });
        await session.ExecuteAsync("update manifests set deleted_at = @now, updated_at = @now where id = @id and deleted_at is null", new { id, now });
        await BlobLinkTable.HideUnusedAsync(session, packageId, id);
    }

    public static async Task PurgeAsync(DbSession session, long packageId, long id)
    {
        await BlobLinkTable.HideUnusedAsync(session, packageId, id);
        await session.ExecuteAsync("delete from manifests where id = @id", new { id });
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
            if (await IsLiveAsync(session, packageId, version.Digest))
            {
                continue;
            }

            await RestoreAsync(session, packageId, version.Id, now);
            var neighbours = await session.QueryAsync<VersionRow>(
                $"""
                 select {Columns} from manifests m
                 where m.package_id = @packageId and m.deleted_at >= @since
                   and (m.subject = @digest or m.digest in (select digest from manifest_children where manifest_id = @id))
                 order by m.deleted_at desc, m.id desc
                 """,
                new { packageId, since, digest = version.Digest, id = version.Id });
            neighbours.ForEach(waiting.Enqueue);
        }
    }

    private static async Task RestoreAsync(DbSession session, long packageId, long id, DateTimeOffset now)
    {
        await session.ExecuteAsync("update manifests set deleted_at = null, updated_at = @now where id = @id", new { id, now });
        await session.ExecuteAsync(
            """
            insert into tags (package_id, name, manifest_id, created_at, updated_at)
            select @packageId, name, manifest_id, @now, @now from deleted_tags where manifest_id = @id
            on conflict (package_id, name) do nothing
            """,
            new { packageId, id, now });
        await session.ExecuteAsync("delete from deleted_tags where manifest_id = @id", new { id });
    }

    private sealed record TagOf
    {
        public long ManifestId { get; init; }

        public string Name { get; init; } = "";
    }
}
