using System.Globalization;
using Berth.Server.Database;
using Berth.Server.Http;
using Berth.Server.Metrics;
using Berth.Server.Oci;
using Berth.Server.Packages.Content;
using Berth.Server.Registry.Authorization;
using Berth.Server.Storage;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace Berth.Server.Registry.Blobs;

internal static class BlobEndpoints
{
    // https://www.rfc-editor.org/rfc/rfc9111: what a digest names never changes, but who may read it does.
    private static readonly StringValues CacheControl = "private, max-age=31536000, immutable";
    private static readonly StringValues OctetStream = "application/octet-stream";
    private static readonly StringValues Bytes = "bytes";
    private const int PieceSize = 256 * 1024;

    public static void MapBlobs(this IEndpointRouteBuilder registry)
    {
        registry.MapMethods("{name}/blobs/{digest}", ["GET", "HEAD"], GetAsync).Requires(RegistryActions.Pull);
        registry.MapDelete("{name}/blobs/{digest}", DeleteAsync).Requires(RegistryActions.Delete);
    }

    /// <summary>distribution-spec, "Pulling blobs". HEAD looks at the bytes too: it never promises what GET could not serve.</summary>
    private static async Task GetAsync(
        HttpContext http, RegistryAccess access, string digest, BlobReads blobs, IBlobStore store, BerthMetrics metrics,
        CancellationToken cancellationToken)
    {
        if (!Digest.TryParse(digest, out var wanted))
        {
            await ErrorWriter.WriteAsync(http, RegistryErrors.DigestInvalid.With(Digest.Rule));
            return;
        }

        if (await blobs.FindAsync(access, wanted, cancellationToken) is not { } blob)
        {
            await ErrorWriter.WriteAsync(http, RegistryErrors.BlobUnknown.With(wanted.Value));
            return;
        }

        var headers = http.Response.Headers;
        headers["Docker-Content-Digest"] = blob.DigestHeader;
        headers.ETag = blob.ETag;
        headers.CacheControl = CacheControl;
        headers.AcceptRanges = Bytes;
        if (EntityTags.NoneMatch(http.Request.Headers.IfNoneMatch, blob.ETag))
        {
            http.Response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }

        await (HttpMethods.IsHead(http.Request.Method)
            ? HeadAsync(http, blob, store, cancellationToken)
            : ServeAsync(http, blob, store, metrics, cancellationToken));
    }

    private static async Task HeadAsync(HttpContext http, Blob blob, IBlobStore store, CancellationToken cancellationToken)
    {
        if (await store.SizeAsync(blob.Key, cancellationToken) != blob.Size)
        {
            await WriteLostAsync(http, blob);
            return;
        }

        http.Response.Headers.ContentType = OctetStream;
        http.Response.ContentLength = blob.Size;
    }

    private static async Task ServeAsync(
        HttpContext http, Blob blob, IBlobStore store, BerthMetrics metrics, CancellationToken cancellationToken)
    {
        if (await store.RedirectAsync(blob.Key, cancellationToken) is { } elsewhere)
        {
            http.Response.StatusCode = StatusCodes.Status307TemporaryRedirect;
            http.Response.Headers.Location = elsewhere.AbsoluteUri;
            return;
        }

        await using var content = await store.OpenAsync(blob.Key, cancellationToken);
        if (content?.Length != blob.Size)
        {
            await WriteLostAsync(http, blob);
            return;
        }

        var (from, length) = (0L, blob.Size);
        if (http.Request.Headers.Range.Count > 0 && Conditions.RangeHolds(http.Request.Headers.IfRange, blob.ETag))
        {
            switch (ByteRange.Parse(http.Request.Headers.Range.ToString(), blob.Size))
            {
                case { Satisfiable: false }:
                    await ErrorWriter.WriteAsync(http, NotSatisfiable(blob.Size));
                    return;
                case { Satisfiable: true } range:
                    (from, length) = (range.From, range.Length);
                    http.Response.StatusCode = StatusCodes.Status206PartialContent;
                    http.Response.Headers.ContentRange = string.Create(
                        CultureInfo.InvariantCulture, $"bytes {from}-{from + length - 1}/{blob.Size}");
                    break;
            }
        }

        http.Response.Headers.ContentType = OctetStream;
        http.Response.ContentLength = length;
        await CopyAsync(http, content, from, length, metrics, cancellationToken);
    }

    /// <summary>Large reads into the response's own memory: measured faster than <c>SendFileAsync</c> here.</summary>
    private static async Task CopyAsync(
        HttpContext http, Stream content, long from, long length, BerthMetrics metrics, CancellationToken cancellationToken)
    {
        http.Features.Get<IHttpResponseBodyFeature>()!.DisableBuffering();
        content.Position = from;
        var writer = http.Response.BodyWriter;
        while (length > 0)
        {
            var piece = (int)Math.Min(PieceSize, length);
            var memory = writer.GetMemory(piece)[..piece];
            var read = await content.ReadAsync(memory, cancellationToken);
            if (read == 0)
            {
                // The file became shorter under us: the client must not take this for the whole.
                http.Abort();
                return;
            }

            length -= read;
            writer.Advance(read);
            metrics.BlobSent(read);
            await writer.FlushAsync(cancellationToken);
        }
    }

    /// <summary>
    /// distribution-spec, "Deleting blobs". What a manifest still uses stays: deleting it would break every image that shares it. The
    /// specification's refusal is 405.
    /// </summary>
    private static async Task<IResult> DeleteAsync(
        HttpResponse response, RegistryAccess access, string digest, BlobReads blobs, Db db, CancellationToken cancellationToken)
    {
        if (!Digest.TryParse(digest, out var wanted))
        {
            return RegistryErrors.DigestInvalid.With(Digest.Rule);
        }

        if (await blobs.PackageAsync(access, cancellationToken) is not { } packageId
            || await blobs.FindAsync(access, wanted, cancellationToken) is not { } blob)
        {
            return RegistryErrors.BlobUnknown.With(wanted.Value);
        }

        var deleted = await db.WriteAsync(
            async session =>
            {
                if (await BlobLinkTable.InUseAsync(session, packageId, blob.Id))
                {
                    return false;
                }

                await BlobLinkTable.HideAsync(session, packageId, blob.Id);
                return true;
            },
            cancellationToken);
        if (!deleted)
        {
            return RegistryErrors.Unsupported.Saying(
                "a manifest of this repository uses the blob; delete the manifest instead, and the blob goes with it")
                .With(wanted.Value);
        }

        response.Headers["Docker-Content-Digest"] = wanted.Value;
        return Results.StatusCode(StatusCodes.Status202Accepted);
    }

    private static ApiError NotSatisfiable(long size) =>
        new ApiError(416, "UNSUPPORTED", "the range is not within the blob")
            .WithHeader(HeaderNames.ContentRange, string.Create(CultureInfo.InvariantCulture, $"bytes */{size}"));

    /// <summary>The row is there and the bytes are not, so a client that asks before it pushes must be told to push.</summary>
    private static Task WriteLostAsync(HttpContext http, Blob blob)
    {
        foreach (var name in (ReadOnlySpan<string>)[
            "Docker-Content-Digest", HeaderNames.ETag, HeaderNames.CacheControl, HeaderNames.AcceptRanges,
        ])
        {
            http.Response.Headers.Remove(name);
        }

        return ErrorWriter.WriteAsync(
            http, RegistryErrors.BlobUnknown.With($"{blob.Digest}: its bytes are not in the store; push it again"));
    }
}
