namespace Berth.Server.Http;

/// <summary>
/// Brings the spellings of a path into one before routing. Clients write the slash of a scoped name as <c>%2f</c>, <c>%2F</c> or
/// <c>/</c>; routing leaves the first two as they are. With subdomain isolation the registry is at the root of its own host, and what npm
/// asks for without the registry's path (the exchange of ID tokens) is at the root of every host.
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

                // It is known only now what serves the request.
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
