using System.Net;
using Berth.Server.Access;
using Berth.Server.Authentication;
using Berth.Server.Http;

namespace Berth.Server.Operations;

/// <summary><c>/metrics</c>, for callers on this machine, and for site administrators' tokens from anywhere.</summary>
internal static class MetricsEndpoint
{
    public static void MapMetrics(this IEndpointRouteBuilder app)
    {
        var branch = app.CreateApplicationBuilder();
        branch.UseOpenTelemetryPrometheusScrapingEndpoint(_ => true);
        var scrape = branch.Build();
        app.MapMethods(
            "/metrics",
            ["GET", "HEAD"],
            async (HttpContext http, Authenticator authenticator, CancellationToken cancellationToken) =>
            {
                if (await RefusalAsync(http, authenticator, cancellationToken) is { } refusal)
                {
                    await ErrorWriter.WriteAsync(http, refusal);
                    return;
                }

                await scrape(http);
            });
    }

    /// <summary>Null when the caller may read the metrics.</summary>
    private static async Task<ApiError?> RefusalAsync(HttpContext http, Authenticator authenticator, CancellationToken cancellationToken)
    {
        var local = http.Connection.RemoteIpAddress is { } address
            && IPAddress.IsLoopback(address)
            && http.Request.Headers["X-Forwarded-For"].Count == 0;
        if (!local)
        {
            if (!Credentials.TryParse(http.Request.Headers.Authorization.ToString(), out var credentials))
            {
                return Errors.RequiresAuthentication;
            }

            var (principal, _) = await authenticator.AuthenticateAsync(credentials.Secret, cancellationToken);
            if (principal is null)
            {
                return Errors.BadCredentials;
            }

            if (principal is not UserPrincipal { SiteAdmin: true } user || !user.Scopes.Has("site_admin"))
            {
                return Errors.Forbidden.Saying("metrics are for site administrators, with a token that has the scope site_admin");
            }
        }

        return null;
    }
}
