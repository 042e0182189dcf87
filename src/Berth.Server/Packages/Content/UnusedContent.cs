using Berth.Server.Database;

namespace Berth.Server.Packages.Content;

/// <summary>
/// The collector's SQL on content. Each statement itself says why its rows may be removed. It takes a few rows at a time, so that no push
/// waits long. Rows that a push has renewed meanwhile no longer match. Foreign keys protect in any case: a linked blob cannot be removed.
/// </summary>
internal static class UnusedContent
{
    private static readonly string Unheld = $"not {BlobUse.ByAny("l")}";

    private const string Unlinked = """
        not exists (select 1 from blob_links l where l.blob_id = b.id)
          and not exists (select 1 from version_blobs vb where vb.blob_id = b.id)
        """;

    /// <summary>
    /// Lists links that no live or restorable manifest uses and that nobody has used since the given time. It starts behind a place, in the
    /// order of places. It only reads, so that the search delays nobody. <see cref="DeleteLinksAsync"/> checks again.
    /// </summary>
    public static Task<List<LinkPlace>> LinksAsync(DbSession session, DateTimeOffset before, LinkPlace after, int most) =>
        session.QueryAsync<LinkPlace>(
            $"""
            select l.used_at, l.package_id, l.blob_id from blob_links l
            where l.used_at < @before and (l.used_at, l.package_id, l.blob_id) > (@UsedAt, @PackageId, @BlobId) and {Unheld}
            order by l.used_at, l.package_id, l.blob_id limit @most
            """,
            new { before, after.UsedAt, after.PackageId, after.BlobId, most });

    /// <summary>
    /// Deletes those of the links that are still unused. The first statement marks them, which locks their rows and waits for any push that
    /// is renewing them. The second statement then sees what that push did. A push that comes later finds no link.
    /// </summary>
    public static async Task<int> DeleteLinksAsync(DbSession session, DateTimeOffset before, IReadOnlyCollection<LinkPlace> links)
    {
        var packages = links.Select(link => link.PackageId).Distinct().ToArray();
        var blobs = links.Select(link => link.BlobId).Distinct().ToArray();
        var marked = await session.ExecuteAsync(
            $"""
            update blob_links as l set used_at = 0
            where l.package_id in @packages and l.blob_id in @blobs and l.used_at < @before and {Unheld}
            """,
            new { packages, blobs, before });
        return marked == 0 ? 0 : await session.ExecuteAsync($"delete from blob_links as l where l.used_at = 0 and {Unheld}");
    }

    /// <summary>Lists blobs that no package has, by their ids, behind the given one.</summary>
    public static Task<List<long>> BlobsAsync(DbSession session, long after, int most) => session.QueryAsync<long>(
        $"select b.id from blobs b where b.id > @after and {Unlinked} order by b.id limit @most", new { after, most });

    /// <summary>
    /// Deletes the rows of those blobs that still no package has, and puts their keys in the trash. The bytes are deleted later.
    /// </summary>
    public static async Task<CollectedBlobs> DeleteBlobsAsync(DbSession session, DateTimeOffset now, IReadOnlyCollection<long> ids)
    {
        var blobs = await session.QueryAsync<CollectedRow>(
            $"delete from blobs as b where b.id in @ids and {Unlinked} returning storage_key, size", new { ids = ids.ToArray() });
        foreach (var key in blobs.Select(blob => blob.StorageKey))
        {
            await session.ExecuteAsync(
                "insert into blob_trash (storage_key, deleted_at) values (@key, @now) on conflict (storage_key) do nothing",
                new { key, now });
        }

        return new CollectedBlobs(blobs.Count, blobs.Sum(blob => blob.Size));
    }

    public static Task<List<string>> TrashAsync(DbSession session, int most) =>
        session.QueryAsync<string>("select storage_key from blob_trash order by storage_key limit @most", new { most });

    public static Task<int> ForgetTrashAsync(DbSession session, IReadOnlyList<string> keys) =>
        session.ExecuteAsync("delete from blob_trash where storage_key in @keys", new { keys });

    public static Task<List<string>> ExpiredUploadsAsync(DbSession session, DateTimeOffset before, int most) =>
        session.QueryAsync<string>(
            "select id from uploads where started_at < @before order by started_at limit @most", new { before, most });

    public static Task DeleteUploadAsync(DbSession session, string id) =>
        session.ExecuteAsync("delete from uploads where id = @id", new { id });

    /// <summary>
    /// Deletes pending names that have no content any more. The statement checks the time twice, since a push that has used a name
    /// meanwhile has renewed it.
    /// </summary>
    public static Task<int> DeletePendingAsync(DbSession session, DateTimeOffset before, int most) => session.ExecuteAsync(
        """
        delete from packages where id in (
            select p.id from packages p where p.state = 'pending' and p.updated_at < @before
              and not exists (select 1 from blob_links l where l.package_id = p.id)
              and not exists (select 1 from uploads u where u.package_id = p.id)
            order by p.id limit @most)
          and updated_at < @before
        """,
        new { before, most });

    /// <summary>Returns those of the keys that a row still names: a blob, an upload in progress or trash.</summary>
    public static async Task<HashSet<string>> NamedAsync(DbSession session, IReadOnlyList<string> keys) => new(
        await session.QueryAsync<string>(
            """
            select storage_key from blobs where storage_key in @keys
            union select storage_key from blob_trash where storage_key in @keys
            union select id from uploads where id in @keys
            """,
            new { keys }),
        StringComparer.Ordinal);

    private sealed record CollectedRow
    {
        public required string StorageKey { get; init; }

        public required long Size { get; init; }
    }
}

internal sealed record CollectedBlobs(int Count, long Bytes);

/// <summary>One link, and its place in the order in which links are searched.</summary>
internal sealed record LinkPlace
{
    public static readonly LinkPlace First = new() { UsedAt = -1 };

    public long UsedAt { get; init; }

    public long PackageId { get; init; }

    public long BlobId { get; init; }
}
