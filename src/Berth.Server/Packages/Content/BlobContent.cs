using System.Globalization;
using Berth.Server.Http;
using Berth.Server.Metrics;
using Berth.Server.Storage;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace Berth.Server.Packages.Content;

/// <summary>Sends the bytes of a blob, or the requested range. Every registry's downloads are served here.</summary>
internal static class BlobContent
{
    public static readonly StringValues OctetStream = "application/octet-stream";
    private const int PieceSize = 256 * 1024;

    /// <summary>Returns false, without an answer, when the store does not have the bytes.</summary>
    public static async Task<bool> TryServeAsync(
        HttpContext http, IBlobStore store, StorageKey key, long size, StringValues etag, BerthMetrics metrics,
        CancellationToken cancellationToken)
    {
        if (await store.RedirectAsync(key, cancellationToken) is { } elsewhere)
        {
            http.Response.StatusCode = StatusCodes.Status307TemporaryRedirect;
            http.Response.Headers.Location = elsewhere.AbsoluteUri;
            return true;
        }

        await using var content = await store.OpenAsync(key, cancellationToken);
        if (content?.Length != size)
        {
            return false;
        }

        var (from, length) = (0L, size);
        if (http.Request.Headers.Range.Count > 0 && EntityTags.RangeHolds(http.Request.Headers.IfRange, etag))
        {
            switch (ByteRange.Parse(http.Request.Headers.Range.ToString(), size))
            {
                case { Satisfiable: false }:
                    await ErrorWriter.WriteAsync(http, NotSatisfiable(size));
                    return true;
                case { Satisfiable: true } range:
                    (from, length) = (range.From, range.Length);
                    http.Response.StatusCode = StatusCodes.Status206PartialContent;
                    http.Response.Headers.ContentRange = string.Create(
                        CultureInfo.InvariantCulture, $"bytes {from}-{from + length - 1}/{size}");
                    break;
            }
        }

        http.Response.Headers.ContentType = OctetStream;
        http.Response.ContentLength = length;
        await CopyAsync(http, content, from, length, metrics, cancellationToken);
        return true;
    }

    /// <summary>
    /// Reads large pieces into the response's own memory. Measurements showed this to be faster than <c>SendFileAsync</c> here.
    /// </summary>
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
                // The file became shorter meanwhile. Abort, so that the client does not take this for the whole content.
                http.Abort();
                return;
            }

            length -= read;
            writer.Advance(read);
            metrics.BlobSent(read);
            await writer.FlushAsync(cancellationToken);
        }
    }

    private static ApiError NotSatisfiable(long size) =>
        new ApiError(416, "UNSUPPORTED", "the range is not within the blob")
            .WithHeader(HeaderNames.ContentRange, string.Create(CultureInfo.InvariantCulture, $"bytes */{size}"));
}
