using Microsoft.AspNetCore.Http.Features;

namespace Berth.Server.Http;

/// <summary>Metadata of a route: how large its body may be. Routes without it take a JSON document.</summary>
/// <param name="Bytes">Null: the handler counts by itself, over more than one request.</param>
internal sealed record BodyLimit(long? Bytes)
{
    /// <summary>A document of the API.</summary>
    public const int Json = 1 << 20;

    public static readonly BodyLimit OfDocuments = new(Json);
    public static readonly BodyLimit ByTheHandler = new((long?)null);

    public static BodyLimit Of(HttpContext http) => http.GetEndpoint()?.Metadata.GetMetadata<BodyLimit>() ?? OfDocuments;
}

/// <summary>
/// Refuses a body whose announced size is more than its route takes. The refused body is received and thrown away, so that the client
/// hears why: past the framework's own limit, Kestrel cuts the connection and the answer may be lost. <see cref="ReceivedBody"/> counts a
/// body that does not announce its size.
/// </summary>
internal static class BodyLimits
{
    public static IApplicationBuilder UseBodyLimits(this IApplicationBuilder app) =>
        app.Use((http, next) =>
        {
            var limit = BodyLimit.Of(http).Bytes;
            if (http.Request.ContentLength > limit)
            {
                return ErrorWriter.WriteAsync(http, Errors.TooLarge(http, limit.Value));
            }

            if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } kestrel
                && (limit is null || limit > kestrel.MaxRequestBodySize))
            {
                kestrel.MaxRequestBodySize = limit;
            }

            return next(http);
        });
}
