using Berth.Server.Access;
using Berth.Server.Authentication;
using Berth.Server.Http;

namespace Berth.Server.Api;

/// <summary>
/// Decides every request of the REST API before its handler runs, from the mark on the route's line: who calls, with which scopes, and
/// what they are to the organization, repository or package in the path. Handlers receive what was proven as parameters.
/// </summary>
internal sealed class ApiGate(RequestDelegate next, Authenticator authenticator, LoginThrottle throttle, ApiAdmission admission)
{
    private static readonly string[] KnownVersions = ["2022-11-28", "2026-03-10"];

    public async Task InvokeAsync(HttpContext http)
    {
        if (http.GetEndpoint()?.Metadata.GetMetadata<ApiRoute>() is not { } route)
        {
            await next(http);
            return;
        }

        if (await AdmitAsync(http, route) is { } refused)
        {
            await ErrorWriter.WriteAsync(http, refused);
            return;
        }

        try
        {
            await next(http);
        }
        catch (ApiException exception)
        {
            // Written here and not by the exception handler of the pipeline, which takes off the headers set so far.
            await ErrorWriter.WriteAsync(http, exception.Error);
        }
    }

    private async Task<ApiError?> AdmitAsync(HttpContext http, ApiRoute route)
    {
        var headers = http.Response.Headers;
        headers["X-GitHub-Media-Type"] = "github.v3; format=json";
        headers["X-Accepted-OAuth-Scopes"] = string.Join(", ", route.Scopes);
        headers.CacheControl = "no-store";
        var version = http.Request.Headers["X-GitHub-Api-Version"].ToString();
        headers["X-GitHub-Api-Version-Selected"] = version.Length == 0 ? KnownVersions[0] : version;
        if (version.Length > 0 && !KnownVersions.Contains(version, StringComparer.Ordinal))
        {
            headers.Remove("X-GitHub-Api-Version-Selected");
            return Errors.BadRequest(400, $"X-GitHub-Api-Version must be one of {string.Join(", ", KnownVersions)}");
        }

        // Routing ignores a slash at the end; GitHub does not.
        if (http.Request.Path.Value is { } path && path.EndsWith('/') && path is not "/api/v3/")
        {
            return Errors.NotFound;
        }

        // No name here contains a NUL, and PostgreSQL takes none, not even to look for.
        if (http.Request.Query.Any(pair => pair.Value.Any(value => value?.Contains('\0', StringComparison.Ordinal) ?? false)))
        {
            return Errors.BadRequest(400, "The query contains a NUL character");
        }

        var (principal, failed) = await AuthenticateAsync(http);
        if (failed is not null)
        {
            return failed;
        }

        if (principal is UserPrincipal user)
        {
            headers["X-OAuth-Scopes"] = string.Join(", ", user.Scopes.Names);
        }

        http.Features.Set(new ApiCaller(principal));
        return await admission.AdmitAsync(http, principal, route);
    }

    private async Task<(Principal Principal, ApiError? Failed)> AuthenticateAsync(HttpContext http)
    {
        var header = http.Request.Headers.Authorization.ToString();
        if (header.Length == 0)
        {
            return (Principal.Anonymous, null);
        }

        if (!Credentials.TryParse(header, out var credentials))
        {
            return (Principal.Anonymous, Challenged(Errors.BadCredentials.With("the Authorization header is neither Bearer, token nor Basic")));
        }

        var (principal, failure) = await authenticator.AuthenticateAsync(credentials.Secret, http.RequestAborted);
        if (principal is not null)
        {
            return (principal, null);
        }

        await throttle.FailedAsync(http.Connection.RemoteIpAddress, credentials.UserName, http.RequestAborted);
        return (Principal.Anonymous, Challenged(Errors.BadCredentials.With(failure!)));
    }

    /// <summary>A 401 names a scheme (RFC 9110 section 15.5.2).</summary>
    internal static ApiError Challenged(ApiError error) => error.WithHeader("WWW-Authenticate", "Bearer realm=\"Berth API\"");
}
