using Berth.Server.Access;
using Berth.Server.Http;

namespace Berth.Server.Api;

/// <summary>
/// Decides every request of the REST API before its handler runs, by the mark of the route: who calls, with which scopes, and what they may
/// do with the organization, repository or package in the path. Handlers receive what was checked as parameters.
/// </summary>
internal sealed class ApiGate(RequestDelegate next, RecogniseCaller recognise, RateLimits rates, ApiAdmission admission)
{
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
            // Write the error here, because the pipeline's exception handler removes the headers that are already set.
            await ErrorWriter.WriteAsync(http, exception.Error);
        }
    }

    private async Task<ApiError?> AdmitAsync(HttpContext http, ApiRoute route)
    {
        if (GitHubHeaders.Exchange(http, route) is { } refused)
        {
            return refused;
        }

        var (principal, failed) = await recognise.RunAsync(http);
        var use = rates.Use(principal, http.Connection.RemoteIpAddress, counts: !route.Free);
        RateLimits.Tell(http.Response.Headers, use);
        if (use.Exceeded)
        {
            return new ApiError(403, "RATE_LIMIT", $"API rate limit exceeded; it begins anew at {use.ResetAt:HH:mm:ss} UTC");
        }

        if (failed is not null)
        {
            return failed;
        }

        if (principal is UserPrincipal user)
        {
            GitHubHeaders.TellScopes(http, user);
        }

        http.Features.Set(new ApiCaller(principal, ChangeActor.Of(http, principal)));
        return await admission.AdmitAsync(http, principal, route);
    }
}
