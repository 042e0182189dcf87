namespace Berth.Server.Http;

/// <summary>
/// With subdomain isolation <c>containers.HOST</c> serves only the registry, and <c>HOST</c> everything else, so that no package's content
/// has the same origin as the pages and the API. Health is answered on every name. A request to the wrong host is refused before it is
/// routed, so nothing of it is read or done.
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

        var hosts = Surface.All.ToDictionary(surface => surface, options.HostOf);
        app.Use((http, next) =>
        {
            var surface = Surface.Of(http);
            return surface.OnEveryHost || IsHost(http, hosts[surface])
                || (surface.ReadOnHost && Reads(http.Request.Method) && IsHost(http, options.BaseUri.Host))
                ? next(http)
                : ErrorWriter.WriteAsync(http, NotHere(options, surface));
        });
    }

    private static bool IsHost(HttpContext http, string host) =>
        http.Request.HostName().Equals(host, StringComparison.OrdinalIgnoreCase);

    private static bool Reads(string method) => HttpMethods.IsGet(method) || HttpMethods.IsHead(method);

    /// <summary>Uses a code that registries' clients know.</summary>
    private static ApiError NotHere(AddressOptions options, Surface surface) => new(
        404, "UNSUPPORTED",
        $"this host does not serve that path; it is served by {options.BaseUri.Scheme}://{options.AuthorityOf(surface)}");
}
