
namespace Berth.Server.Http;

/// <summary>
/// With subdomain isolation <c>containers.HOST</c> serves the registry and nothing else, and <c>HOST</c> everything but the
/// registry: nothing that a package serves comes from the origin of pages and API. Health is answered on every name.
/// </summary>
internal static class Subdomains
{
    public static void UseSubdomains(this WebApplication app)
    {
        var options = app.Services.GetRequiredService<AddressOptions>();
        if (!options.Subdomains)
        {
            return;
        }

        var host = options.BaseUri.Host;
        app.Use((http, next) =>
        {
            var surface = Surface.Of(http);
            var wanted = surface.Subdomain + host;
            if (surface.OnEveryHost || IsHost(http, wanted)
                || (surface.ReadOnHost && IsHost(http, host) && (HttpMethods.IsGet(http.Request.Method) || HttpMethods.IsHead(http.Request.Method))))
            {
                return next(http);
            }

            http.Response.StatusCode = StatusCodes.Status404NotFound;
            return ErrorWriter.WriteAsync(http, Errors.NotFound.Saying($"this host does not serve that path; it is served by {wanted}"));
        });
    }

    private static bool IsHost(HttpContext http, string host) =>
        http.Request.Host.Host.Equals(host, StringComparison.OrdinalIgnoreCase);
}
