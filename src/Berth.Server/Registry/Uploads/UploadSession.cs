using System.Globalization;
using Berth.Server.Database;
using Berth.Server.Http;
using Berth.Server.Metrics;
using Berth.Server.Oci;
using Berth.Server.Packages.Content;
using Berth.Server.Packages;
using Berth.Server.Registry.Authorization;
using Berth.Server.Storage;

namespace Berth.Server.Registry.Uploads;

/// <summary>The steps of an upload, and the answers that tell a client how many bytes have arrived.</summary>
internal sealed class UploadSession(
    Db db, IUploadStore store, UploadLeases leases, FinishUpload finish, RegistryOptions options, RetentionOptions retention,
    BerthMetrics metrics, TimeProvider time)
{
    private readonly long _largest = (long)(options.MaxLayerGiB * (1L << 30));
    private readonly TimeSpan _lifetime = TimeSpan.FromHours(retention.UploadLifetimeHours);

    public async Task<IResult> BeginAsync(
        HttpResponse response, RegistryAccess access, string algorithm, CancellationToken cancellationToken)
    {
        var key = StorageKey.New();
        var now = time.GetUtcNow();
        await db.WriteUnderLocksAsync(
            async session =>
            {
                var packageId = await PendingPackages.EnsureAsync(session, access.Principal, access.Facts, now);
                await UploadTable.InsertAsync(session, key, packageId, access.Principal.Key, algorithm, now);
            },
            cancellationToken);
        return Progress(response, access, key, 0, StatusCodes.Status202Accepted);
    }

    /// <summary>Stores the body of one POST as the blob, without beginning an upload. Null when it is stored.</summary>
    public async Task<IResult?> PushWholeAsync(
        HttpRequest request, RegistryAccess access, Digest digest, CancellationToken cancellationToken)
    {
        if (request.ContentLength > _largest)
        {
            return TooLarge();
        }

        var key = StorageKey.New();
        var committing = false;
        try
        {
            var result = await store.AppendAsync(
                key, 0, new ReceivedBody(request.Body, metrics), request.ContentLength, _largest, digest.Algorithm, cancellationToken);
            if (result.TooLarge)
            {
                return TooLarge();
            }

            committing = true;
            return await finish.RunAsync(access, key, digest, begun: false, cancellationToken);
        }
        finally
        {
            if (!committing)
            {
                await store.DiscardAsync(key, CancellationToken.None);
            }
        }
    }

    /// <summary>
    /// Null for an upload that never existed, is finished, has expired, has another name or belongs to another principal. To the caller
    /// they are all unknown.
    /// </summary>
    public async Task<UploadRow?> FindAsync(RegistryAccess access, string id, CancellationToken cancellationToken)
    {
        var row = StorageKey.TryParse(id, out var key)
            ? await db.ReadAsync(session => UploadTable.FindAsync(session, key, access.Principal, access.Facts), cancellationToken)
            : null;
        return row is null || time.GetUtcNow() - row.StartedAt > _lifetime ? null : row;
    }

    public ValueTask<long> LengthAsync(UploadRow upload, CancellationToken cancellationToken) =>
        store.LengthAsync(upload.Key, cancellationToken);

    /// <summary>
    /// Runs the body with exclusive use of the upload. The row is read under the lease, since the previous holder may have finished the
    /// upload, and its key belongs to a blob then.
    /// </summary>
    public async Task<IResult> ExclusivelyAsync(
        RegistryAccess access, string id, Func<UploadRow, Task<IResult>> body, CancellationToken cancellationToken)
    {
        using var lease = StorageKey.TryParse(id, out var key) ? leases.TryTake(key) : null;
        if (await FindAsync(access, id, cancellationToken) is not { } upload)
        {
            return RegistryErrors.BlobUploadUnknown;
        }

        return lease is not null
            ? await body(upload)
            : OutOfOrder(access, upload, await LengthAsync(upload, cancellationToken)).Saying("another request is working on this upload");
    }

    /// <summary>Appends the request's body after checking its headers. An empty body appends nothing.</summary>
    public async Task<(long Length, IResult? Error)> AppendAsync(
        HttpContext http, RegistryAccess access, UploadRow upload, string algorithm, CancellationToken cancellationToken)
    {
        var length = await store.LengthAsync(upload.Key, cancellationToken);
        var request = http.Request;
        if (CheckRange(request, access, upload, length) is { } refused)
        {
            return (length, refused);
        }

        if (request.ContentLength == 0)
        {
            return (length, null);
        }

        if (request.ContentLength > _largest - length)
        {
            return (length, TooLarge());
        }

        var result = await store.AppendAsync(
            upload.Key, length, new ReceivedBody(request.Body, metrics), request.ContentLength, _largest, algorithm, cancellationToken);
        return (result.Length, result.TooLarge ? TooLarge() : null);
    }

    /// <summary>The headers that say where the upload is and how many bytes have arrived.</summary>
    public IResult Progress(HttpResponse response, RegistryAccess access, StorageKey key, long length, int status)
    {
        response.Headers.Location = Location(access, key);
        response.Headers.Range = Range(length);
        response.Headers["Docker-Upload-UUID"] = key.Value;
        return Results.StatusCode(status);
    }

    private static ApiError? CheckRange(HttpRequest request, RegistryAccess access, UploadRow upload, long length)
    {
        if (request.Headers.ContentRange.Count == 0)
        {
            return null;
        }

        if (!ChunkRange.TryParse(request.Headers.ContentRange.ToString(), out var range))
        {
            return OutOfOrder(access, upload, length).Saying("the Content-Range of a chunk is START-END");
        }

        if (range.Start != length)
        {
            return OutOfOrder(access, upload, length).With($"the chunk begins at {range.Start}, the next byte is {length}");
        }

        return request.ContentLength is { } sent && sent != range.Length
            ? RegistryErrors.SizeInvalid.With($"Content-Range says {range.Length} bytes, Content-Length {sent}")
            : null;
    }

    private static ApiError OutOfOrder(RegistryAccess access, UploadRow upload, long length) => RegistryErrors.RangeInvalid
        .WithHeader("Location", Location(access, upload.Key))
        .WithHeader("Range", Range(length))
        .WithHeader("Docker-Upload-UUID", upload.Id);

    private ApiError TooLarge() => RegistryErrors.TooLarge.With($"at most {_largest} bytes");

    private static string Location(RegistryAccess access, StorageKey key) => $"/v2/{access.Name.Value}/blobs/uploads/{key.Value}";

    /// <summary>The range is inclusive, so an upload without bytes says 0-0, as does one with a single byte.</summary>
    private static string Range(long length) => string.Create(CultureInfo.InvariantCulture, $"0-{Math.Max(0, length - 1)}");
}
