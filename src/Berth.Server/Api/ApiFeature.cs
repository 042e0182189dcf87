using Berth.Server.Api.Description;
using Berth.Server.Api.GraphQl;

namespace Berth.Server.Api;

/// <summary>What all of <c>/api/v3</c> shares.</summary>
internal static class ApiFeature
{
    /// <summary>The path at which GitHub Enterprise Server serves its API.</summary>
    public const string Root = "/api/v3";

    public static void AddApi(this IServiceCollection services)
    {
        services.AddSingleton<RecogniseCaller>();
        services.AddSingleton<ApiAdmission>();
        services.AddSingleton<ApiUrls>();
        services.AddSingleton<RateLimits>();
        services.AddSingleton<ApiDocument>();
        services.AddSingleton<DocumentPages>();
    }

    /// <summary>Must be called before any route of the API is mapped.</summary>
    public static void UseApi(this WebApplication app) => app.UseMiddleware<ApiGate>();

    /// <summary>Returns the group that features map their routes into.</summary>
    public static RouteGroupBuilder MapApi(this IEndpointRouteBuilder app)
    {
        app.MapGraphQl();
        var api = app.MapGroup(Root);
        api.MapRoot();
        api.MapDocument();
        return api;
    }
}
