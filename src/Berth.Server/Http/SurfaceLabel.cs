using Microsoft.AspNetCore.Http.Features;

namespace Berth.Server.Http;

/// <summary>Labels the metrics of a request with the surface that it is for.</summary>
internal static class SurfaceLabel
{
    public const string Tag = "surface";

    public static void UseSurfaceLabel(this WebApplication app) => app.Use((http, next) =>
    {
        Set(http, Surface.Of(http).Name);
        return next(http);
    });

    public static void Set(HttpContext http, string surface) =>
        http.Features.Get<IHttpMetricsTagsFeature>()?.Tags.Add(new KeyValuePair<string, object?>(Tag, surface));
}
