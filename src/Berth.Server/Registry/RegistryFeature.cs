using Berth.Server.Http;
using Berth.Server.Registry.Authorization;

namespace Berth.Server.Registry;

/// <summary>Everything under <c>/v2</c>, and <c>/token</c>.</summary>
internal static class RegistryFeature
{
    public static void AddRegistry(this IServiceCollection services)
    {
        services.AddSingleton<RegistryTokens>();
        services.AddSingleton<TokenIssue>();
        services.AddSingleton<Challenge>();
    }

    public static void MapRegistry(this WebApplication app)
    {
        app.UseMiddleware<RegistryGate>();
        app.MapTokenEndpoint();

        var registry = app.MapGroup("/v2").WithMetadata(ErrorFormat.Oci);

        // Answers 401 with the challenge to callers without a token: that is how clients learn where to get one.
        registry.MapMethods("/", ["GET", "HEAD"], Version).Requires(RegistryActions.None);
    }

    private static IResult Version(HttpResponse response)
    {
        response.Headers["Docker-Distribution-API-Version"] = "registry/2.0";
        return Results.Json(new { });
    }
}
