using Microsoft.AspNetCore.Http.Features;

namespace Berth.Server.Http;

/// <summary>Metadata of a route: the size limit of its body. Routes without it accept a JSON document.</summary>
/// <param name="Bytes">Null: the handler counts by itself, over more than one request.</param>
internal sealed record BodyLimit(long? Bytes)
{
    /// <summary>The limit for a document of the API.</summary>
    public const int Json = 1 << 20;

    public static readonly BodyLimit OfDocuments = new(Json);
    public static readonly BodyLimit ByTheHandler = new((long?)null);

    public static BodyLimit Of(HttpContext http) => http.GetEndpoint()?.Metadata.GetMetadata<BodyLimit>() ?? OfDocuments;
}

/// <summary>
/// Refuses a body whose announced size exceeds its route's limit. The refused body is received and dropped, so that the client gets the
/// reason. Above the framework's own limit, Kestrel closes the connection and the answer may be lost. <see cref="ReceivedBody"/> counts a
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
