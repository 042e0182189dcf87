using Berth.Client.Wire;
using Berth.Server.Api.Description;

namespace Berth.Server.Api;

/// <summary>The root of the REST API, which clients request to check a token.</summary>
internal static class RootEndpoints
{
    /// <summary>
    /// The version of GitHub Enterprise Server whose API this resembles most. Clients check it before they use features that older versions
    /// lack.
    /// </summary>
    private const string LikeVersion = "3.17.0";

    public static void MapRoot(this IEndpointRouteBuilder api)
    {
        api.MapRead("/", Root).Requires(ApiNeed.User)
            .Does("List the URLs of the API").Gives<Dictionary<string, string>>();
        api.MapRead("/meta", Meta).Requires(ApiNeed.Anyone)
            .Does("Get the version of the enterprise server that this API is nearest to").Gives<Dictionary<string, string>>();
        api.MapRead("/versions", () => ApiResult.Ok(GitHubHeaders.KnownVersions)).Requires(ApiNeed.Anyone)
            .Does("List the versions of the API").Gives<string[]>();
        api.MapRead("/rate_limit", RateLimit).RequiresNothing()
            .Does("Get how much of one's share of requests is used").Gives<RateLimitReport>();
    }

    private static IResult Root(ApiUrls urls) => ApiResult.Ok(new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["current_user_url"] = urls.Api + "/user",
        ["user_url"] = urls.Api + "/users/{user}",
        ["user_repositories_url"] = urls.Api + "/users/{user}/repos{?page,per_page}",
        ["current_user_repositories_url"] = urls.Api + "/user/repos{?page,per_page}",
        ["organization_url"] = urls.Api + "/orgs/{org}",
        ["organization_repositories_url"] = urls.Api + "/orgs/{org}/repos{?page,per_page}",
        ["organization_teams_url"] = urls.Api + "/orgs/{org}/teams",
        ["repository_url"] = urls.Api + "/repos/{owner}/{repo}",
        ["user_organizations_url"] = urls.Api + "/user/orgs",
    });

    private static IResult RateLimit(HttpContext http, ApiCaller caller, RateLimits rates)
    {
        var use = rates.Use(caller.Principal, http.Connection.RemoteIpAddress, counts: false);
        var rate = new RateLimit
        {
            Limit = use.Limit,
            Used = use.Used,
            Remaining = use.Remaining,
            Reset = use.ResetAt.ToUnixTimeSeconds(),
        };
        return ApiResult.Ok(new RateLimitReport { Resources = new RateLimitResources { Core = rate, Graphql = rate }, Rate = rate });
    }

    private static IResult Meta() =>
        ApiResult.Ok(new Dictionary<string, string>(StringComparer.Ordinal) { ["installed_version"] = LikeVersion });
}
