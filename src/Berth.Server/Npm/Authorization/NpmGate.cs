using Berth.Server.Access;
using Berth.Server.Api;
using Berth.Server.Authentication;
using Berth.Server.Database;
using Berth.Server.Http;
using Berth.Server.Trusts;

namespace Berth.Server.Npm.Authorization;

/// <summary>
/// Decides every request to the npm registry before its handler runs. An invalid token gets 401 with a challenge, which makes npm say "log
/// in again". A missing token, where one could help, gets 401 without a challenge. If the caller is signed in and the package is hidden or
/// missing, the answer is the same 404. If the caller may see the package and lacks the right, it is 403 with the reason. What a body asks
/// for beyond its route is decided again where it is done. Organizations, teams and tokens are decided by the marks of the REST API, so
/// that every client has the same rights.
/// </summary>
internal sealed class NpmGate(
    RequestDelegate next, RegistryPasswords passwords, LoginThrottle throttle, AccessDecisions access, ApiAdmission admission,
    NpmOptions options, NpmUrls urls, Db db)
{
    public async Task InvokeAsync(HttpContext http)
    {
        if (http.GetEndpoint()?.Metadata.GetMetadata<NpmRoute>() is not { } route)
        {
            await next(http);
            return;
        }

        http.Response.Headers.CacheControl = "no-store";
        var error = Closed(route) ?? await AdmitAsync(http, route);
        await (error is null ? next(http) : ErrorWriter.WriteAsync(http, error));
    }

    /// <summary>Refuses what the operator has switched off for everybody.</summary>
    private ApiError? Closed(NpmRoute route) => options.NpmRegistry switch
    {
        NpmOptions.Off => NpmErrors.NotFound.Saying("the npm registry of this server is switched off"),
        NpmOptions.ReadOnly when route.Writes =>
            new ApiError(405, "UNSUPPORTED", "the npm registry of this server is read-only: nothing can be published or removed now"),
        _ => null,
    };

    private async Task<ApiError?> AdmitAsync(HttpContext http, NpmRoute route)
    {
        PackageAddress? address = null;
        if (http.Request.RouteValues["scope"] is string scope && http.Request.RouteValues["name"] is string name
            && !NpmNames.TryParse(scope, name, out address))
        {
            return NpmErrors.Bad(NpmNames.Rule);
        }

        var at = await db.GenerationAsync(http.RequestAborted);
        var principal = Principal.Anonymous;
        if (!route.SignsIn && http.Request.Headers.Authorization.ToString() is { Length: > 0 } header)
        {
            if (!Credentials.TryParse(header, out var credentials))
            {
                return NpmErrors.BadToken(urls.Base, "the Authorization header is neither Basic nor Bearer");
            }

            var (known, failure) = await passwords.AuthenticateAsync(http, at, credentials, http.RequestAborted);
            if (known is null)
            {
                await throttle.FailedAsync(http.Connection.RemoteIpAddress, credentials.UserName, http.RequestAborted);
                return NpmErrors.BadToken(urls.Base, failure!);
            }

            principal = known;
        }

        var caller = new NpmCaller(principal, ChangeActor.Of(http, principal), at);
        http.Features.Set(caller);
        if (route.Api is { } api)
        {
            http.Features.Set(new ApiCaller(principal, caller.Actor));

            // There is no challenge, because npm hides the words of a 401 that has one.
            return principal is AnonymousPrincipal ? NpmErrors.SignIn : await admission.AdmitAsync(http, principal, api);
        }

        if (address is null || route.Needs is not { } action)
        {
            return null;
        }

        var facts = await access.FactsAsync(at, principal, address, http.RequestAborted);
        var decision = AccessRules.Decide(principal, action, facts);
        if (!decision.Allowed)
        {
            return NpmErrors.Refused(principal, action, facts, decision);
        }

        http.Features.Set(new NpmAccess(caller, facts));
        return null;
    }
}
