using System.Text.Json.Serialization;
using Berth.Server.Access;
using Berth.Server.Authentication;
using Berth.Server.Http;

namespace Berth.Server.Trusts;

/// <summary>
/// <c>/oauth/token</c> exchanges the ID token of a CI job for a workflow token (RFC 8693). The form and the errors are those of RFC 6749.
/// </summary>
internal static class OAuthEndpoints
{
    private const string Exchange = "urn:ietf:params:oauth:grant-type:token-exchange";
    private const string AccessToken = "urn:ietf:params:oauth:token-type:access_token";

    /// <summary>RFC 8693 section 3: the type names that a JWT of an OpenID provider may have.</summary>
    private static readonly string[] SubjectTypes =
    [
        "urn:ietf:params:oauth:token-type:id_token", "urn:ietf:params:oauth:token-type:jwt",
    ];

    public static void MapOAuth(this IEndpointRouteBuilder app) =>
        app.MapPost("/oauth/token", PostAsync).WithMetadata(ErrorFormat.OAuth, new BodyLimit(OAuthForm.LargestBytes)).DisableAntiforgery();

    private static async Task<IResult> PostAsync(
        HttpContext http, ExchangeIdentity exchange, LoginThrottle throttle, AddressOptions address, CancellationToken cancellationToken)
    {
        http.Response.Headers.CacheControl = "no-store";
        var (form, status, wrong) = await OAuthForm.ReadAsync(http.Request, cancellationToken);
        if (form is null)
        {
            return new ApiError(status, "invalid_request", wrong);
        }

        if (FaultOf(form) is { } fault)
        {
            return fault;
        }

        if (!TryTarget(form["resource"], address, out var target) || !TryTarget(form["audience"], address, out var second))
        {
            return Refused("invalid_target", $"resource must be {address.Url.TrimEnd('/')}/OWNER/REPO");
        }

        if (!TryPackages(form.Scopes, out var packages))
        {
            return Refused("invalid_scope", "scope must be packages:read or packages:write");
        }

        try
        {
            var token = await exchange.OnceAsync(
                http, form["subject_token"], new ExchangeWish(target ?? second, packages), cancellationToken);
            return Results.Json(
                new OAuthTokenResponse(
                    token.Value, AccessToken, "Bearer", (long)Math.Floor((token.ExpiresAt - Now(http)).TotalSeconds),
                    "packages:" + token.Packages.Name()),
                OAuthJson.Default.OAuthTokenResponse);
        }
        catch (IdentityRefusedException refused)
        {
            if (refused.Fault == IdentityFault.KeysUnavailable)
            {
                return new ApiError(503, "temporarily_unavailable", refused.Message).WithHeader("Retry-After", "10");
            }

            await throttle.FailedAsync(http.Connection.RemoteIpAddress, "oauth", cancellationToken);
            // RFC 8693 section 2.2.2: a subject token that is not valid or not acceptable is an invalid_request.
            return Refused(
                refused.Fault switch
                {
                    IdentityFault.Repository => "invalid_target",
                    IdentityFault.Permission => "invalid_scope",
                    _ => "invalid_request",
                },
                refused.Message);
        }
    }

    private static ApiError? FaultOf(OAuthForm form) => form["grant_type"] switch
    {
        Exchange when form["subject_token"].Length == 0 => Refused("invalid_request", "subject_token is missing: the ID token"),
        Exchange when !SubjectTypes.Contains(form["subject_token_type"], StringComparer.Ordinal) =>
            Refused("invalid_request", $"subject_token_type must be {SubjectTypes[0]}"),
        Exchange when form["actor_token"].Length > 0 => Refused("invalid_request", "nobody acts for somebody else here: no actor_token"),
        Exchange when form["requested_token_type"] is not ("" or AccessToken) =>
            Refused("invalid_request", $"requested_token_type can only be {AccessToken}"),
        Exchange => null,
        "" => Refused("invalid_request", "grant_type is missing"),
        _ => Refused("unsupported_grant_type", $"only {Exchange} is supported"),
    };

    /// <summary>Reads the target: the server itself, or <c>owner</c> or <c>owner/repo</c> on it, as a URL or without the server.</summary>
    private static bool TryTarget(string text, AddressOptions address, out string? target)
    {
        var origin = address.BaseUri.GetLeftPart(UriPartial.Authority);
        var path = text.StartsWith(origin, StringComparison.OrdinalIgnoreCase) ? text[origin.Length..].Trim('/') : text;
        target = path.Length == 0 ? null : path;
        return !path.Contains(':', StringComparison.Ordinal) && path.AsSpan().Count('/') <= 1;
    }

    private static bool TryPackages(IReadOnlyList<string> scopes, out Role? packages)
    {
        packages = null;
        foreach (var scope in scopes.SelectMany(text => text.Split(' ', StringSplitOptions.RemoveEmptyEntries)))
        {
            Role? asked = scope switch
            {
                "packages:read" or "read:packages" => Role.Read,
                "packages:write" or "write:packages" => Role.Write,
                _ => null,
            };
            if (asked is null)
            {
                return false;
            }

            packages = packages > asked ? packages : asked;
        }

        return true;
    }

    private static DateTimeOffset Now(HttpContext http) => http.RequestServices.GetRequiredService<TimeProvider>().GetUtcNow();

    private static ApiError Refused(string code, string description) => new(400, code, description);
}

/// <summary>RFC 8693 section 2.2.1.</summary>
internal sealed record OAuthTokenResponse(
    [property: JsonPropertyName("access_token")] string AccessToken,
    [property: JsonPropertyName("issued_token_type")] string IssuedTokenType,
    [property: JsonPropertyName("token_type")] string TokenType,
    [property: JsonPropertyName("expires_in")] long ExpiresIn,
    [property: JsonPropertyName("scope")] string Scope);

[JsonSerializable(typeof(OAuthTokenResponse))]
internal sealed partial class OAuthJson : JsonSerializerContext;
