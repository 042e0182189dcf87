using Berth.Server.Access;
using Berth.Server.Accounts;
using Berth.Server.Api;
using Berth.Server.Authentication;
using Berth.Server.Database;
using Berth.Server.Faults;
using Berth.Server.Http;
using Berth.Server.Json;
using Berth.Server.Npm.Authorization;
using Berth.Server.Tokens;
using Berth.Server.Trusts;

namespace Berth.Server.Npm.People;

/// <summary>
/// <c>npm ping</c>, <c>whoami</c>, <c>logout</c>, and <c>login</c> with a name and a password. The password must be a personal access
/// token, and login returns the same token, since a registry never accepts the passwords of accounts.
/// </summary>
internal static class SessionEndpoints
{
    private const string UserPrefix = "org.couchdb.user:";

    public static void MapSessions(this IEndpointRouteBuilder npm)
    {
        npm.MapGet("/-/ping", () => Results.Text("{}", "application/json")).ForAnybody();
        npm.MapGet("/-/whoami", WhoAmI).ForAnybody();
        npm.MapPut("/-/user/{user}", LoginAsync).SignsIn();
        npm.MapGet("/-/user/{user}", FindAsync).RequiresOfApi(ApiNeed.PackageUser);
        npm.MapDelete("/-/user/token/{token}", LogoutAsync).ForAnybody();
    }

    private static IResult WhoAmI(NpmCaller caller) => caller.Principal switch
    {
        AnonymousPrincipal => NpmErrors.SignIn,
        UserPrincipal user => Results.Json(new NpmUser(user.Login), NpmJson.Default.NpmUser),
        _ => Results.Json(new NpmUser(caller.Actor.Name ?? caller.Principal.Key), NpmJson.Default.NpmUser),
    };

    private static async Task<IResult> LoginAsync(
        HttpContext http, NpmCaller caller, string user, RegistryPasswords passwords, LoginThrottle throttle,
        CancellationToken cancellationToken)
    {
        var body = await NpmBody.ReadAsync(http.Request, cancellationToken);
        var (name, password) = (body.TextOf("name"), body.TextOf("password"));
        if (!user.StartsWith(UserPrefix, StringComparison.Ordinal) || string.IsNullOrEmpty(name) || user[UserPrefix.Length..] != name
            || string.IsNullOrEmpty(password))
        {
            return NpmErrors.Bad("a login has a name, which is the path's, and a password: a personal access token");
        }

        var (principal, _) = await passwords.AuthenticateAsync(
            http, caller.At, new Credentials("basic", name, password), cancellationToken);
        if (principal is UserPrincipal person && person.Login.Equals(name, StringComparison.OrdinalIgnoreCase))
        {
            return Results.Json(
                new NpmLogin(Ok: true, UserPrefix + person.Login, password), NpmJson.Default.NpmLogin,
                statusCode: StatusCodes.Status201Created);
        }

        await throttle.FailedAsync(http.Connection.RemoteIpAddress, name, cancellationToken);
        return new ApiError(
            401, "UNAUTHORIZED", $"the password is no personal access token of {name}: make one with write:packages");
    }

    /// <summary><c>npm owner add</c> and <c>rm</c> ask first whether there is such a user.</summary>
    private static async Task<IResult> FindAsync(string user, Db db, CancellationToken cancellationToken)
    {
        var login = user.StartsWith(UserPrefix, StringComparison.Ordinal) ? user[UserPrefix.Length..] : user;
        var found = Login.Fault(login) is null
            ? await db.ReadAsync(session => AccountTable.FindUserAsync(session, login), cancellationToken) : null;
        return found is null
            ? NpmErrors.NotFound.Saying($"there is no user {Shown.Quoted(login)}")
            : Results.Json(new NpmMaintainer(found.Login, ""), NpmJson.Default.NpmMaintainer);
    }

    /// <summary>Ends the token, as npm's own registry does. It must be the token of the request.</summary>
    private static async Task<IResult> LogoutAsync(
        HttpContext http, NpmCaller caller, string token, Db db, PersonalTokens tokens, CancellationToken cancellationToken)
    {
        if (caller.Principal is not UserPrincipal { TokenId: { } id } user)
        {
            return caller.Principal is AnonymousPrincipal
                ? NpmErrors.SignIn
                : new ApiError(403, "DENIED", $"{caller.Principal.Describe()}: such a token ends by itself");
        }

        if (!Credentials.TryParse(http.Request.Headers.Authorization, out var credentials) || credentials.Secret != token)
        {
            return new ApiError(403, "DENIED", "a token ends itself here and no other");
        }

        await db.WriteAsync(session => tokens.EndAsync(session, caller.Actor, user, id), cancellationToken);
        return Results.Json(new NpmUser(user.Login), NpmJson.Default.NpmUser);
    }
}
