using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Berth.Server.Http;

namespace Berth.Server.Api;

/// <summary>
/// An answer that a client may keep and ask about again: it carries an <c>ETag</c> over its content and its <c>Link</c>, and is 304 without
/// a body for a client that has it already (RFC 9110 section 13.1.2). One page or one thing, so it is made whole.
/// </summary>
internal sealed class RevalidatedJson<T>(T value, JsonTypeInfo<T> type) : IResult
{
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var (request, response) = (httpContext.Request, httpContext.Response);
        if (!HttpMethods.IsGet(request.Method) && !HttpMethods.IsHead(request.Method))
        {
            await Results.Json(value, type).ExecuteAsync(httpContext);
            return;
        }

        var content = JsonSerializer.SerializeToUtf8Bytes(value, type);
        var tag = Tag(content, response.Headers.Link.ToString());
        response.Headers.ETag = tag;
        response.Headers.CacheControl = "private, no-cache";
        response.Headers.Vary = "Accept, Authorization";
        if (EntityTags.NoneMatch(request.Headers.IfNoneMatch, tag))
        {
            response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }

        response.ContentType = "application/json; charset=utf-8";
        response.ContentLength = content.Length;
        if (!HttpMethods.IsHead(request.Method))
        {
            await response.Body.WriteAsync(content, httpContext.RequestAborted);
        }
    }

    /// <summary>Weak, as GitHub's: a proxy may compress the content.</summary>
    private static string Tag(byte[] content, string link)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(content);
        hash.AppendData(Encoding.UTF8.GetBytes(link));
        return $"W/\"{Convert.ToHexStringLower(hash.GetHashAndReset())}\"";
    }
}
