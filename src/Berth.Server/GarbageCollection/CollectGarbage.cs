using Berth.Server.Authentication;
using Berth.Server.Database;
using Berth.Server.Packages.Changes;
using Berth.Server.Packages.Content;
using Berth.Server.Packages;
using Berth.Server.Storage;

namespace Berth.Server.GarbageCollection;

/// <summary>What one run of the collector removed.</summary>
internal sealed record Collected
{
    public int Manifests { get; set; }

    public int Packages { get; set; }

    public int Links { get; set; }

    public int Blobs { get; set; }

    /// <summary>Bytes of the blobs.</summary>
    public long Bytes { get; set; }

    public int Uploads { get; set; }

    /// <summary>The number of keys that no row names. A crash between bytes and row leaves such bytes.</summary>
    public int Strays { get; set; }

    public bool Any => Manifests + Packages + Links + Blobs + Uploads + Strays > 0;
}

/// <summary>
/// Removes what nothing uses any more while pushes go on: rows first, bytes later. A link stays while a live or restorable manifest of its
/// package uses it, and for the grace period after its last use. Then the link is removed, and then the blob.
/// </summary>
internal sealed class CollectGarbage(
    Db db, IBlobStore blobs, IUploadStore uploads, UploadLeases leases, RunningHashes hashes, LoginThrottle throttle,
    RetentionOptions options, TimeProvider time)
{
    /// <summary>The rows of one transaction. They are few, since each write of a push may wait for it.</summary>
    private const int Batch = 16;

    /// <summary>How many blobs' bytes are deleted before one transaction records it. Nobody waits for bytes.</summary>
    private const int Files = 64;

    /// <summary>The rows that one look finds.</summary>
    private const int Seen = 2048;

    private readonly Pace _pace = new(time);

    public async Task<Collected> RunOnceAsync(CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var kept = now - TimeSpan.FromDays(options.DeletedRetentionDays);
        var grace = now - TimeSpan.FromHours(options.BlobGraceHours);
        var collected = new Collected();
        collected.Uploads = await ExpireUploadsAsync(now, cancellationToken);
        collected.Manifests = await InBatchesAsync(session => Changes(session, now).CollectVersionsAsync(kept, Batch), cancellationToken);
        collected.Links = await DeleteLinksAsync(grace, cancellationToken);
        collected.Packages = await InBatchesAsync(session => UnusedContent.DeletePendingAsync(session, grace, Batch), cancellationToken)
            + await InBatchesAsync(session => Changes(session, now).CollectPackagesAsync(kept, Batch), cancellationToken);
        (collected.Blobs, collected.Bytes) = await DeleteBlobsAsync(now, cancellationToken);
        await EmptyTrashAsync(cancellationToken);
        collected.Strays = await DeleteStraysAsync(now, cancellationToken);
        hashes.Expire();
        await throttle.CleanAsync(cancellationToken);
        return collected;
    }

    private static PackageChanges Changes(DbSession session, DateTimeOffset now) => new(session, PackageChanges.Collector, now);

    private Task<int> InBatchesAsync(Func<DbSession, Task<int>> delete, CancellationToken cancellationToken) =>
        _pace.InBatchesAsync(db, delete, Batch, cancellationToken);

    private async Task<int> DeleteLinksAsync(DateTimeOffset before, CancellationToken cancellationToken)
    {
        var (all, after) = (0, LinkPlace.First);
        while (await db.ReadAsync(session => UnusedContent.LinksAsync(session, before, after, Seen), cancellationToken)
            is [.., var last] found)
        {
            foreach (var some in found.Chunk(Batch))
            {
                all += await _pace.RunAsync(
                    () => db.WriteAsync(session => UnusedContent.DeleteLinksAsync(session, before, some), cancellationToken),
                    cancellationToken);
            }

            after = last;
        }

        return all;
    }

    private async Task<CollectedBlobs> DeleteBlobsAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        var (all, after) = (new CollectedBlobs(0, 0), 0L);
        while (await db.ReadAsync(session => UnusedContent.BlobsAsync(session, after, Seen), cancellationToken) is [.., var last] found)
        {
            foreach (var ids in found.Chunk(Batch))
            {
                var some = await _pace.RunAsync(
                    () => db.WriteAsync(session => UnusedContent.DeleteBlobsAsync(session, now, ids), cancellationToken),
                    cancellationToken);
                all = new CollectedBlobs(all.Count + some.Count, all.Bytes + some.Bytes);
            }

            after = last;
        }

        return all;
    }

    private async Task EmptyTrashAsync(CancellationToken cancellationToken)
    {
        while (await db.ReadAsync(session => UnusedContent.TrashAsync(session, Files), cancellationToken) is { Count: > 0 } keys)
        {
            await _pace.RunAsync(
                async () =>
                {
                    foreach (var key in keys)
                    {
                        await blobs.DeleteAsync(StorageKey.Parse(key), cancellationToken);
                    }

                    return await db.WriteAsync(session => UnusedContent.ForgetTrashAsync(session, keys), cancellationToken);
                },
                cancellationToken);
        }
    }

    private async Task<int> ExpireUploadsAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        var before = now - TimeSpan.FromHours(options.UploadLifetimeHours);
        var expired = await db.ReadAsync(session => UnusedContent.ExpiredUploadsAsync(session, before, most: 10_000), cancellationToken);
        var count = 0;
        foreach (var id in expired)
        {
            // If a request is still sending, let it end.
            using var lease = leases.TryTake(StorageKey.Parse(id));
            if (lease is not null)
            {
                await db.WriteAsync(session => UnusedContent.DeleteUploadAsync(session, id), cancellationToken);
                await uploads.DiscardAsync(StorageKey.Parse(id), cancellationToken);
                count++;
            }
        }

        return count;
    }

    /// <summary>
    /// Deletes bytes that are older than any request that could still insert a row for them. Their age comes from the store's own clock,
    /// which is the machine's.
    /// </summary>
    private async Task<int> DeleteStraysAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        var before = now - TimeSpan.FromHours(Math.Max(options.UploadLifetimeHours, 1)) - TimeSpan.FromHours(1);
        return await DeleteUnnamedAsync(uploads.ListAsync(before, cancellationToken), uploads.DiscardAsync, cancellationToken)
            + await DeleteUnnamedAsync(blobs.ListAsync(before, cancellationToken), blobs.DeleteAsync, cancellationToken);
    }

    private async Task<int> DeleteUnnamedAsync(
        IAsyncEnumerable<StorageKey> keys, Func<StorageKey, CancellationToken, Task> delete, CancellationToken cancellationToken)
    {
        var deleted = 0;
        await foreach (var part in keys.Chunk(Files).WithCancellation(cancellationToken))
        {
            var named = await db.ReadAsync(
                session => UnusedContent.NamedAsync(session, [.. part.Select(key => key.Value)]), cancellationToken);
            foreach (var key in part.Where(key => !named.Contains(key.Value)))
            {
                await delete(key, cancellationToken);
                deleted++;
            }
        }

        return deleted;
    }
}
