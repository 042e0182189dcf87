using Berth.Server.Access;
using Berth.Server.Authentication;
using Berth.Server.Http;
using Berth.Server.Trusts;

namespace Berth.Server.Npm.People;

/// <summary>
/// Trusted publishing. Before it publishes, npm 11.5 and later sends the ID token of the CI job, whose audience is <c>npm:HOST</c>, and
/// then publishes with the workflow token that it gets. It prints the reason of a refusal only with <c>--loglevel verbose</c>, and goes on
/// with the token that it has.
/// </summary>
internal static class ExchangeEndpoints
{
    public static void MapExchange(this IEndpointRouteBuilder npm) =>
        npm.MapPost("/-/npm/v1/oidc/token/exchange/package/@{scope}/{name}", PostAsync).WithMetadata(ErrorFormat.NpmExchange);

    private static async Task<IResult> PostAsync(
        HttpContext http, string scope, string name, ExchangeIdentity exchange, LoginThrottle throttle, NpmOptions options,
        TimeProvider time, CancellationToken cancellationToken)
    {
        http.Response.Headers.CacheControl = "no-store";
        if (options.NpmRegistry != NpmOptions.On)
        {
            return NpmErrors.NotFound.Saying("nothing can be published to the npm registry of this server now");
        }

        if (!NpmNames.TryParse(scope, name, out var address))
        {
            return NpmErrors.Bad(NpmNames.Rule);
        }

        if (!Credentials.TryParse(http.Request.Headers.Authorization, out var credentials) || credentials.Scheme != "bearer")
        {
            return new ApiError(401, "UNAUTHORIZED", "the ID token comes as a bearer token");
        }

        try
        {
            var token = await exchange.OnceAsync(
                http, credentials.Secret, new ExchangeWish(address.Owner, Role.Write), cancellationToken);
            return Results.Json(
                new NpmExchanged("oidc", token.Value, time.GetUtcNow(), token.ExpiresAt), NpmJson.Default.NpmExchanged,
                statusCode: StatusCodes.Status201Created);
        }
        catch (IdentityRefusedException refused)
        {
            if (refused.Fault == IdentityFault.KeysUnavailable)
            {
                return new ApiError(503, "UNAVAILABLE", refused.Message).WithHeader("Retry-After", "10");
            }

            await throttle.FailedAsync(http.Connection.RemoteIpAddress, "oauth", cancellationToken);
            return new ApiError(403, "DENIED", refused.Message);
        }
    }
}
