using Berth.Server.Access;
using Berth.Server.Http;

namespace Berth.Server.Api;

/// <summary>
/// The refusals of the REST API. Hidden and missing things get the same words, so that an answer does not reveal what exists.
/// </summary>
internal static class ApiErrors
{
    public static ApiError Hidden(Principal principal) =>
        Errors.NotFound.With($"there is no such thing here, or it is not yours to see; {principal.Describe()}");

    public static ApiError Forbidden(Principal principal, string reason) =>
        Errors.Forbidden.Saying($"{reason}; {principal.Describe()}");

    public static ApiError LacksScope(Principal principal, IReadOnlyList<string> scopes) =>
        Forbidden(principal, $"this needs a token with the scope {string.Join(" or ", scopes)}");

    public static ApiError Invalid(string resource, string field, string message) => Errors.Invalid(resource, field, "invalid", message);

    public static ApiError Exists(string resource, string field, string message) =>
        Errors.Invalid(resource, field, "already_exists", message);

    /// <summary>GitHub's 422 for requests that are understood and cannot be done.</summary>
    public static ApiError Unprocessable(string resource, string field, string message) =>
        Errors.Invalid(resource, field, "unprocessable", message);

    /// <summary>Adds the scheme that a 401 must name (RFC 9110 section 15.5.2).</summary>
    public static ApiError Challenged(ApiError error) => error.WithHeader("WWW-Authenticate", "Bearer realm=\"Berth API\"");
}
