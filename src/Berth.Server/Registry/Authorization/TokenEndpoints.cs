using System.Globalization;
using System.Text.Json.Serialization;
using Berth.Server.Access;
using Berth.Server.Authentication;
using Berth.Server.Database;
using Berth.Server.Http;
using Berth.Server.Oci;
using Berth.Server.Trusts;

namespace Berth.Server.Registry.Authorization;

/// <summary>
/// <c>/token</c> exchanges credentials for a registry token with those of the requested actions that are allowed. GET is Docker's token
/// protocol, POST its OAuth 2 variant (RFC 6749 section 4.3). Both give the same answer.
/// </summary>
internal static class TokenEndpoints
{
    public static void MapTokenEndpoint(this IEndpointRouteBuilder app)
    {
        app.MapMethods("/token", ["GET", "HEAD"], GetAsync);
        app.MapPost("/token", PostAsync).WithMetadata(ErrorFormat.OAuth, new BodyLimit(OAuthForm.LargestBytes)).DisableAntiforgery();
    }

    private static async Task<IResult> GetAsync(HttpContext http, TokenIssue issue, CancellationToken cancellationToken)
    {
        if (AskedScopes.Read(http.Request.Query["scope"], out var scopes) is { } fault)
        {
            return new ApiError(400, "UNSUPPORTED", fault);
        }

        var header = http.Request.Headers.Authorization.ToString();
        if (header.Length == 0)
        {
            return await issue.ForAsync(Principal.Anonymous, null, scopes, cancellationToken);
        }

        return Credentials.TryParse(header, out var credentials)
            ? await issue.ForAsync(http, credentials, scopes, cancellationToken)
            : BadCredentials("the Authorization header is neither Basic nor Bearer");
    }

    private static async Task<IResult> PostAsync(HttpContext http, TokenIssue issue, CancellationToken cancellationToken)
    {
        var (form, status, wrong) = await OAuthForm.ReadAsync(http.Request, cancellationToken);
        if (form is null)
        {
            return OAuth(status, "invalid_request", wrong);
        }

        if (AskedScopes.Read(form.Scopes, out var scopes) is { } fault)
        {
            return OAuth(400, "invalid_scope", fault);
        }

        // Whatever grant type it names, a client may send its credentials in the header instead.
        if (Credentials.TryParse(http.Request.Headers.Authorization.ToString(), out var credentials))
        {
            return await issue.ForAsync(http, credentials, scopes, cancellationToken);
        }

        return form["grant_type"] switch
        {
            "password" when form["password"] is { Length: > 0 } password =>
                await issue.ForAsync(http, new Credentials("basic", form["username"], password), scopes, cancellationToken),
            "password" => OAuth(400, "invalid_request", "grant_type=password needs username and password, the password being a token"),
            "" => OAuth(400, "invalid_request", "grant_type is missing"),
            _ => OAuth(400, "unsupported_grant_type", "only grant_type=password is supported, with a token or an ID token as password"),
        };
    }

    internal static ApiError BadCredentials(string failure) =>
        new ApiError(401, "UNAUTHORIZED", failure).WithHeader("WWW-Authenticate", "Basic realm=\"Berth\"");

    private static ApiError OAuth(int status, string code, string description) => new(status, code, description);
}

/// <summary>Docker's token response. <c>token</c> and <c>access_token</c> are equal, since clients read one or the other.</summary>
internal sealed record TokenResponse(
    [property: JsonPropertyName("token")] string Token,
    [property: JsonPropertyName("access_token")] string AccessToken,
    [property: JsonPropertyName("expires_in")] int ExpiresIn,
    [property: JsonPropertyName("issued_at")] string IssuedAt,
    [property: JsonPropertyName("scope")] string Scope);

[JsonSerializable(typeof(TokenResponse))]
internal sealed partial class TokenResponseJson : JsonSerializerContext;

/// <summary>Makes a registry token for a caller. It asks the access decisions for every scope.</summary>
internal sealed class TokenIssue(
    RegistryPasswords passwords, LoginThrottle throttle, AccessDecisions access, RegistryTokens tokens, Db db, TimeProvider time)
{
    public async Task<IResult> ForAsync(
        HttpContext http, Credentials credentials, AskedScopes scopes, CancellationToken cancellationToken)
    {
        var (principal, failure) = await passwords.AuthenticateAsync(
            http, await db.GenerationAsync(cancellationToken), credentials, cancellationToken);
        if (principal is not null)
        {
            return await ForAsync(principal, TokenIdOf(principal), scopes, cancellationToken);
        }

        await throttle.FailedAsync(http.Connection.RemoteIpAddress, credentials.UserName, cancellationToken);
        var refused = TokenEndpoints.BadCredentials(failure!);
        return ErrorFormat.Of(http) == ErrorFormat.OAuth ? refused with { Code = "invalid_grant" } : refused;
    }

    public async Task<IResult> ForAsync(
        Principal principal, long? tokenId, AskedScopes scopes, CancellationToken cancellationToken)
    {
        List<RegistryGrant> grants = [];
        var at = await db.GenerationAsync(cancellationToken);
        foreach (var scope in scopes.Repositories)
        {
            grants.Add(new RegistryGrant(scope.Name, scope.Asked, await GrantedAsync(at, principal, scope, cancellationToken)));
        }

        var token = tokens.Issue(tokenId, grants, scopes.Catalog);
        var granted = grants.Where(grant => grant.Granted != RegistryActions.None)
            .Select(grant => RegistryScope.Text(grant.Name, grant.Granted));
        return Results.Json(
            new TokenResponse(
                token, token, (int)RegistryTokens.Lifetime.TotalSeconds,
                time.GetUtcNow().UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture),
                string.Join(' ', scopes.Catalog ? granted.Append(RegistryScope.Catalog) : granted)),
            TokenResponseJson.Default.TokenResponse);
    }

    internal static long? TokenIdOf(Principal principal) => principal switch
    {
        UserPrincipal user => user.TokenId,
        WorkflowPrincipal workflow => workflow.TokenId,
        CodespacePrincipal codespace => codespace.TokenId,
        _ => null,
    };

    private async Task<RegistryActions> GrantedAsync(
        Generation at, Principal principal, RegistryScope scope, CancellationToken cancellationToken)
    {
        if (!ImageName.TryParse(scope.Name, out var name))
        {
            return RegistryActions.None;
        }

        return scope.Asked & Allowed(principal, await access.FactsAsync(at, principal, name.Address, cancellationToken));
    }

    /// <summary>A caller who may create a package may also ask whether it exists, since a push begins with that.</summary>
    internal static RegistryActions Allowed(Principal principal, PackageFacts facts)
    {
        var pull = AccessRules.Decide(principal, PackageAction.Pull, facts);
        var actions = pull.Allowed || pull.MaySee ? RegistryActions.Pull : RegistryActions.None;
        actions |= AccessRules.Decide(principal, PackageAction.Push, facts).Allowed ? RegistryActions.Push : RegistryActions.None;
        return actions
            | (AccessRules.Decide(principal, PackageAction.Delete, facts).Allowed ? RegistryActions.Delete : RegistryActions.None);
    }
}
