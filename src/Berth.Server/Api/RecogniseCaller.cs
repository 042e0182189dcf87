using Berth.Server.Access;
using Berth.Server.Authentication;
using Berth.Server.Http;

namespace Berth.Server.Api;

/// <summary>Finds the caller by the Authorization header. Without a header the caller is anonymous. A wrong one is refused.</summary>
internal sealed class RecogniseCaller(Authenticator authenticator, LoginThrottle throttle)
{
    public async Task<(Principal Principal, ApiError? Failed)> RunAsync(HttpContext http)
    {
        var header = http.Request.Headers.Authorization.ToString();
        if (header.Length == 0)
        {
            return (Principal.Anonymous, null);
        }

        if (!Credentials.TryParse(header, out var credentials))
        {
            return (
                Principal.Anonymous,
                ApiErrors.Challenged(Errors.BadCredentials.With("the Authorization header is neither Bearer, token nor Basic")));
        }

        var (principal, failure) = await authenticator.AuthenticateAsync(credentials.Secret, http.RequestAborted);
        if (principal is not null)
        {
            return (principal, null);
        }

        await throttle.FailedAsync(http.Connection.RemoteIpAddress, credentials.UserName, http.RequestAborted);
        return (Principal.Anonymous, ApiErrors.Challenged(Errors.BadCredentials.With(failure!)));
    }
}
