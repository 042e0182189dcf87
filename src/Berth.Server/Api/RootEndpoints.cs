using System.Text.Json;
using System.Text.RegularExpressions;
using Berth.Server.Http;

namespace Berth.Server.Api;

/// <summary>The root of the REST API, which clients ask whether a token works, and the one GraphQL query that <c>gh auth</c> needs.</summary>
internal static partial class RootEndpoints
{
    /// <summary>The enterprise server whose API this is nearest to; clients ask before they use what older ones lack.</summary>
    private const string LikeVersion = "3.17.0";

    public static void MapRoot(this IEndpointRouteBuilder api)
    {
        api.MapRead("/", Root).Requires(ApiNeed.User);
        api.MapRead("/meta", Meta).Requires(ApiNeed.Anyone);
    }

    public static void MapGraphQl(this IEndpointRouteBuilder app) =>
        app.MapPost("/api/graphql", QueryAsync).WithMetadata(ErrorFormat.GitHub).Requires(ApiNeed.User);

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

    private static IResult Meta() => ApiResult.Ok(new Dictionary<string, string>(StringComparer.Ordinal) { ["installed_version"] = LikeVersion });

    /// <summary><c>query UserCurrent{viewer{login}}</c>, which gh sends from 2.40 on; every other query is answered as GraphQL does, with 200 and an error.</summary>
    private static async Task<IResult> QueryAsync(HttpRequest request, ApiCaller caller, CancellationToken cancellationToken)
    {
        var body = await JsonBody.ReadAsync(request, "Query", cancellationToken);
        var query = body.Text("query", required: true, longest: 10_000);
        body.Validate();
        using var stream = new MemoryStream();
        await using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartObject();
            if (Viewer().IsMatch(query!))
            {
                json.WriteStartObject("data");
                json.WriteStartObject("viewer");
                json.WriteString("login", caller.User.Login);
                json.WriteEndObject();
                json.WriteEndObject();
            }
            else
            {
                json.WriteStartArray("errors");
                json.WriteStartObject();
                json.WriteString("type", "NOT_IMPLEMENTED");
                json.WriteString("message", "this server answers the query viewer{login} only; use the REST API");
                json.WriteEndObject();
                json.WriteEndArray();
            }

            json.WriteEndObject();
        }

        return Results.Bytes(stream.ToArray(), "application/json; charset=utf-8");
    }

    [GeneratedRegex(@"^\s*(query\s*\w*\s*)?\{\s*viewer\s*\{\s*login\s*\}\s*\}\s*\z", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Viewer();
}
