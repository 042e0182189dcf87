using Berth.Server.Api;
using Berth.Server.Http;
using Berth.Server.Json;
using Berth.Server.Npm.Authorization;

namespace Berth.Server.Npm.SigningIn;

/// <summary>
/// <c>npm login</c> with a page, npm's default. The page is on the host of <c>BERTH_URL</c> and never on the registry's, which serves what
/// others published. It sets no cookie. Codes are in queries, which no log contains.
/// </summary>
internal static class WebLoginEndpoints
{
    private const string Page = "/login/npm";
    private const string Done = "/-/v1/done";

    /// <summary>When the client asks again.</summary>
    private const string Seconds = "2";

    public static void MapWebLogin(this IEndpointRouteBuilder npm)
    {
        npm.MapPost("/-/v1/login", BeginAsync).SignsIn();
        npm.MapGet(Done, TakeAsync).SignsIn();
    }

    public static void MapLoginPage(this IEndpointRouteBuilder app)
    {
        app.MapRead(Page, ShowAsync);
        app.MapPost(Page, ConfirmAsync);
    }

    /// <summary>npm sends an empty object. Others say the name of their machine.</summary>
    private static async Task<IResult> BeginAsync(
        HttpContext http, WebLogins logins, NpmUrls urls, ApiUrls pages, CancellationToken cancellationToken)
    {
        var body = await NpmBody.ReadAsync(http.Request, cancellationToken);
        var (page, done) = await logins.BeginAsync(http, body.TextOf("hostname"), cancellationToken);
        return Results.Json(
            new NpmWebLogin($"{pages.Html}{Page}?code={page}", $"{urls.Base}{Done}?code={done}"), NpmJson.Default.NpmWebLogin);
    }

    private static async Task<IResult> TakeAsync(HttpContext http, WebLogins logins, CancellationToken cancellationToken)
    {
        if (await logins.TakeAsync(http, Code(http.Request), cancellationToken) is { } secret)
        {
            return Results.Json(new NpmWebToken(secret), NpmJson.Default.NpmWebToken);
        }

        http.Response.Headers.RetryAfter = Seconds;
        return Results.Text("{}", "application/json", statusCode: StatusCodes.Status202Accepted);
    }

    private static async Task<IResult> ShowAsync(HttpContext http, WebLogins logins, NpmUrls urls, CancellationToken cancellationToken)
    {
        var request = await logins.FindAsync(Code(http.Request), cancellationToken);
        return request is null ? LoginPage.Ended(http)
            : request.TokenId is not null ? LoginPage.Confirmed(http)
            : LoginPage.Ask(http, request, urls.Base);
    }

    private static async Task<IResult> ConfirmAsync(HttpContext http, WebLogins logins, NpmUrls urls, CancellationToken cancellationToken)
    {
        var page = Code(http.Request);
        if (await logins.FindAsync(page, cancellationToken) is not { TokenId: null } request)
        {
            return LoginPage.Ended(http);
        }

        var (form, status, fault) = await OAuthForm.ReadAsync(http.Request, cancellationToken);
        var error = form is null ? new ApiError(status, "INVALID", fault)
            : await logins.ConfirmAsync(http, page, form["token"].Trim(), cancellationToken);
        return error is null ? LoginPage.Confirmed(http) : LoginPage.Ask(http, request, urls.Base, error);
    }

    private static string Code(HttpRequest request) => request.Query["code"].ToString();
}
