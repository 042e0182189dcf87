using Berth.Server.Access;
using Berth.Server.Http;

namespace Berth.Server.Api;

/// <summary>
/// The headers of every answer that GitHub's clients read, and the requests that GitHub refuses before it looks at the caller.
/// </summary>
internal static class GitHubHeaders
{
    public static readonly string[] KnownVersions = ["2022-11-28", "2026-03-10"];

    /// <summary>Null, or the reason why the request is refused whoever sends it.</summary>
    public static ApiError? Exchange(HttpContext http, ApiRoute route)
    {
        var headers = http.Response.Headers;
        headers["X-GitHub-Media-Type"] = "github.v3; format=json";
        headers["X-Accepted-OAuth-Scopes"] = string.Join(", ", route.Scopes);
        headers.CacheControl = "no-store";
        var version = http.Request.Headers["X-GitHub-Api-Version"].ToString();
        if (version.Length > 0 && !KnownVersions.Contains(version, StringComparer.Ordinal))
        {
            return Errors.BadRequest(400, $"X-GitHub-Api-Version must be one of {string.Join(", ", KnownVersions)}");
        }

        headers["X-GitHub-Api-Version-Selected"] = version.Length == 0 ? KnownVersions[0] : version;

        // Routing ignores a slash at the end, but GitHub does not.
        if (http.Request.Path.Value is { } path && path.EndsWith('/') && path is not "/api/v3/")
        {
            return Errors.NotFound;
        }

        // No name contains a NUL, and PostgreSQL refuses it even in a search.
        return http.Request.Query.Any(pair => pair.Value.Any(value => value?.Contains('\0', StringComparison.Ordinal) ?? false))
            ? Errors.BadRequest(400, "The query contains a NUL character")
            : null;
    }

    /// <summary>Tells the scopes of the token that was sent.</summary>
    public static void TellScopes(HttpContext http, UserPrincipal user) =>
        http.Response.Headers["X-OAuth-Scopes"] = string.Join(", ", user.Scopes.Names);
}
