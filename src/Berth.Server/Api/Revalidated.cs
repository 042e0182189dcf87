using System.Security.Cryptography;
using System.Text;
using Berth.Server.Http;

namespace Berth.Server.Api;

/// <summary>
/// An answer to a GET that a client may keep and ask about again. It has an <c>ETag</c> made from its content and its <c>Link</c>. A client
/// that has it already gets 304 without a body (RFC 9110 section 13.1.2).
/// </summary>
internal sealed class Revalidated(byte[] content, string contentType) : IResult
{
    /// <summary>The compressed content, if it is large and always the same.</summary>
    public byte[]? Gzip { get; init; }

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var (request, response) = (httpContext.Request, httpContext.Response);
        var tag = Tag(content, response.Headers.Link.ToString());
        response.Headers.ETag = tag;
        response.Headers.CacheControl = "private, no-cache";
        response.Headers.Vary = Gzip is null ? "Accept, Authorization" : "Accept, Accept-Encoding, Authorization";
        if (EntityTags.NoneMatch(request.Headers.IfNoneMatch, tag))
        {
            response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }

        var sent = content;
        if (Gzip is not null && ContentCoding.TakesGzip(request.Headers.AcceptEncoding))
        {
            response.Headers.ContentEncoding = "gzip";
            sent = Gzip;
        }

        response.ContentType = contentType;
        response.ContentLength = sent.Length;
        if (!HttpMethods.IsHead(request.Method))
        {
            await response.Body.WriteAsync(sent, httpContext.RequestAborted);
        }
    }

    /// <summary>The tag is weak like GitHub's, since a proxy may compress the content.</summary>
    private static string Tag(byte[] content, string link)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(content);
        hash.AppendData(Encoding.UTF8.GetBytes(link));
        return $"W/\"{Convert.ToHexStringLower(hash.GetHashAndReset())}\"";
    }
}
