namespace Berth.Server.Http;

/// <summary>
/// Unifies the spellings of a path before routing. Clients write the slash of a scoped name as <c>%2f</c>, <c>%2F</c> or <c>/</c>, and
/// routing leaves the first two as they are. With subdomain isolation the registry is at the root of its own host. Requests that npm makes
/// without the registry's path (the exchange of ID tokens) are accepted at the root of every host.
/// </summary>
internal static class NpmPaths
{
    public const string Prefix = "/npm";
    private const string Exchange = "/-/npm/v1/oidc/token/exchange/package/";

    public static IApplicationBuilder UseNpmPaths(this WebApplication app)
    {
        var host = app.Services.GetRequiredService<AddressOptions>().NpmOwnHost;
        return app.Use((http, next) =>
        {
            var path = http.Request.Path.Value!;
            var own = host is not null && host.Equals(http.Request.HostName(), StringComparison.OrdinalIgnoreCase);
            if (path.StartsWith(Exchange, StringComparison.Ordinal)
                || (own && !Surface.Of(http).OnEveryHost && !path.StartsWith(Prefix + "/", StringComparison.Ordinal) && path != Prefix))
            {
                path = Prefix + path;
                http.Request.Path = path;

                // Only now it is known which surface serves the request.
                RequestIds.SetHeaders(http);
            }

            if (path.StartsWith(Prefix, StringComparison.Ordinal) && path.Contains("%2f", StringComparison.OrdinalIgnoreCase))
            {
                http.Request.Path = path.Replace("%2f", "/", StringComparison.OrdinalIgnoreCase);
            }

            return next(http);
        });
    }
}
