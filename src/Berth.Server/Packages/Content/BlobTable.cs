using Berth.Server.Access;
using Berth.Server.Database;
using Berth.Server.Oci;
using Berth.Server.Storage;

namespace Berth.Server.Packages.Content;

/// <summary>A blob as one package sees it.</summary>
internal sealed record BlobRow
{
    public long Id { get; init; }

    public long Size { get; init; }

    public string StorageKey { get; init; } = "";

    public DateTimeOffset UsedAt { get; init; }

    public StorageKey Key => Storage.StorageKey.Parse(StorageKey);
}

/// <summary>
/// SQL on blobs and their links. A blob is readable in a package through its link, unless the last manifest that used it was deleted. Then
/// the link is hidden until the blob is pushed, mounted or restored again.
/// </summary>
internal static class BlobTable
{
    // A live manifest counts more than the flag, since on PostgreSQL a deletion and a push may run at the same time.
    private static readonly string Readable = $"(l.hidden = false or {BlobUse.ByLive("l")})";

    public static Task<BlobRow?> FindAsync(DbSession session, long packageId, Digest digest) => session.FirstOrDefaultAsync<BlobRow>(
        $"""
        select b.id, b.size, b.storage_key, l.used_at from blobs b join blob_links l on l.blob_id = b.id
        where b.digest = @digest and l.package_id = @packageId and {Readable}
        """,
        new { packageId, digest = digest.Value });

    /// <summary>Finds the blob, whichever package it is linked in.</summary>
    public static Task<BlobRow?> FindAnywhereAsync(DbSession session, Digest digest) => session.FirstOrDefaultAsync<BlobRow>(
        "select id, size, storage_key from blobs where digest = @digest", new { digest = digest.Value });

    /// <summary>
    /// Finds live packages and the principal's pending names that have the blob, for a mount that names no source. The most recently used
    /// come first.
    /// </summary>
    public static Task<List<PackageName>> PackagesWithAsync(
        DbSession session, Digest digest, Principal principal, int most) => session.QueryAsync<PackageName>(
        $"""
        select a.folded as owner, p.name, b.id as blob_id from blobs b join blob_links l on l.blob_id = b.id
        join packages p on p.id = l.package_id join accounts a on a.id = p.owner_id
        where b.digest = @digest and (p.state = 'live' or (p.state = 'pending' and p.uploader = @uploader)) and p.type = 'container'
          and {Readable}
        order by l.used_at desc limit @most
        """,
        new { digest = digest.Value, uploader = principal.Key, most });

    /// <summary>Inserts the row, or finds that of another upload of the same bytes. Returns the blob's id and key.</summary>
    /// <remarks>It updates without a change instead of "do nothing", because that locks the row. The collector cannot remove it then before
    /// it is linked.</remarks>
    public static Task<BlobRow> EnsureAsync(DbSession session, Digest digest, long size, StorageKey key, DateTimeOffset now) =>
        session.SingleAsync<BlobRow>(
            """
            insert into blobs (digest, size, storage_key, created_at) values (@digest, @size, @key, @now)
            on conflict (digest) do update set size = blobs.size returning id, size, storage_key
            """,
            new { digest = digest.Value, size, key = key.Value, now });

    /// <summary>Gives a blob whose bytes were lost the bytes of a new upload. Does nothing when another upload came first.</summary>
    public static Task ReplaceBytesAsync(DbSession session, long blobId, string lost, StorageKey key) => session.ExecuteAsync(
        "update blobs set storage_key = @key where id = @blobId and storage_key = @lost", new { blobId, lost, key = key.Value });

    public static Task TrashAsync(DbSession session, StorageKey key, DateTimeOffset now) => session.ExecuteAsync(
        "insert into blob_trash (storage_key, deleted_at) values (@key, @now) on conflict (storage_key) do nothing",
        new { key = key.Value, now });
}

/// <summary>A package that holds a blob.</summary>
internal sealed record PackageName
{
    public string Owner { get; init; } = "";

    public string Name { get; init; } = "";

    public long BlobId { get; init; }
}
