using Berth.Server.Database;
using Berth.Server.Http;
using Berth.Server.Metrics;
using Berth.Server.Oci;
using Berth.Server.Packages.Content;
using Berth.Server.Registry.Authorization;
using Berth.Server.Storage;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace Berth.Server.Registry.Blobs;

internal static class BlobEndpoints
{
    // https://www.rfc-editor.org/rfc/rfc9111: the content of a digest never changes, but who may read it does.
    private static readonly StringValues CacheControl = "private, max-age=31536000, immutable";
    private static readonly StringValues Bytes = "bytes";

    public static void MapBlobs(this IEndpointRouteBuilder registry)
    {
        registry.MapMethods("{name}/blobs/{digest}", ["GET", "HEAD"], GetAsync).Requires(RegistryActions.Pull);
        registry.MapDelete("{name}/blobs/{digest}", DeleteAsync).Requires(RegistryActions.Delete);
    }

    /// <summary>
    /// distribution-spec, "Pulling blobs". HEAD checks the bytes too, so that it never promises what GET could not serve.
    /// </summary>
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

        http.Response.Headers.ContentType = BlobContent.OctetStream;
        http.Response.ContentLength = blob.Size;
    }

    private static async Task ServeAsync(
        HttpContext http, Blob blob, IBlobStore store, BerthMetrics metrics, CancellationToken cancellationToken)
    {
        if (!await BlobContent.TryServeAsync(http, store, blob.Key, blob.Size, blob.ETag, metrics, cancellationToken))
        {
            await WriteLostAsync(http, blob);
        }
    }

    /// <summary>
    /// distribution-spec, "Deleting blobs". A blob that a manifest still uses stays, because deleting it would break every image that
    /// shares it. The specification's status for this is 405.
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

    /// <summary>The row exists and the bytes do not, so a client that asks before it pushes must be told to push.</summary>
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
