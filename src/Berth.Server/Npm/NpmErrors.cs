using Berth.Server.Access;
using Berth.Server.Http;

namespace Berth.Server.Npm;

/// <summary>The registry's errors. npm prints only the member <c>error</c>, and not even that for a 401 with a challenge.</summary>
internal static class NpmErrors
{
    private const string HowToSignIn = "sign in with npm login, or set a token";

    public static readonly ApiError NotFound = new(404, "NOT_FOUND", "not found");

    /// <summary>It has no challenge, because npm would say then that the token seems to be invalid, and there is none.</summary>
    public static ApiError Anonymous(string what) =>
        new(401, "UNAUTHORIZED", $"authentication required: {what} is not public, or does not exist; {HowToSignIn}");

    public static ApiError SignIn => new(401, "UNAUTHORIZED", $"authentication required: {HowToSignIn}");

    /// <summary>An invalid token. npm tells the person to log in again.</summary>
    public static ApiError BadToken(string realm, string reason) =>
        new ApiError(401, "UNAUTHORIZED", reason).WithHeader("WWW-Authenticate", $"Bearer realm=\"{realm}\", error=\"invalid_token\"");

    public static ApiError Bad(string message) => new(400, "INVALID", message);

    public static ApiError Conflict(string message) => new(409, "CONFLICT", message);

    public static ApiError TooLarge(string message) => new(413, "SIZE_INVALID", message);

    public static ApiError Unknown(PackageAddress address) => NotFound.Saying($"{address} is not here");

    public static ApiError UnknownVersion(PackageAddress address, string version) => NotFound.Saying($"{address} has no version {version}");

    /// <summary>
    /// Callers who may not see the package are told that it does not exist. Others are told what is missing and what would help.
    /// </summary>
    public static ApiError Refused(Principal principal, PackageAction action, PackageFacts facts, Decision decision)
    {
        if (principal is AnonymousPrincipal)
        {
            return Anonymous(facts.Address.ToString());
        }

        if (decision.Reason is null || (action == PackageAction.Pull && !facts.Exists))
        {
            return NotFound.Saying($"{facts.Address} is not here, or is hidden: {principal.Describe()}") with { Remedy = decision.Remedy };
        }

        var verb = action switch
        {
            PackageAction.Pull => "reading",
            PackageAction.Push => "publishing",
            PackageAction.Delete => "removing from",
            _ => "changing",
        };
        return new ApiError(403, "DENIED", $"{verb} {facts.Address} is denied: {principal.Describe()}; {decision.Reason}")
        {
            Remedy = decision.Remedy,
        };
    }
}
