using Berth.Server.Access;

namespace Berth.Server.Api;

/// <summary>The caller of a request, from a verified token. It is built once per request, and handlers take it as a parameter.</summary>
internal sealed record ApiCaller(Principal Principal, ChangeActor Actor)
{
    /// <summary>Null for anonymous callers and for machines.</summary>
    public UserPrincipal? UserOrNull => Principal as UserPrincipal;

    /// <summary>The user, for routes whose mark lets only users in.</summary>
    public UserPrincipal User => UserOrNull ?? throw new InvalidOperationException("the route's mark lets callers in that are no users");

    public bool IsSiteAdministrator => UserOrNull is { SiteAdmin: true } user && user.Scopes.Has("site_admin");

    public static ValueTask<ApiCaller?> BindAsync(HttpContext http) => ValueTask.FromResult<ApiCaller?>(http.Proven<ApiCaller>());
}

/// <summary>An organization and the caller's role in it: <c>admin</c> (an owner), <c>member</c> or null.</summary>
internal sealed record OrganizationAccess(OwnerFacts Organization, string? Membership, bool MayCreateRepositories)
{
    public bool IsOwner => Membership == "admin";

    public static ValueTask<OrganizationAccess?> BindAsync(HttpContext http) =>
        ValueTask.FromResult<OrganizationAccess?>(http.Proven<OrganizationAccess>());
}

/// <summary>A repository that the caller may at least read.</summary>
internal sealed record RepositoryAccess(RepositoryFacts Repository, RepositoryStanding Standing)
{
    public static ValueTask<RepositoryAccess?> BindAsync(HttpContext http) =>
        ValueTask.FromResult<RepositoryAccess?>(http.Proven<RepositoryAccess>());
}

/// <summary>A package and the caller's facts about it. What the route's mark demands is fulfilled.</summary>
internal sealed record PackageAccess(PackageFacts Facts)
{
    public PackageAddress Address => Facts.Address;

    /// <summary>The package's id, for routes whose package must exist.</summary>
    public long Id => Facts.PackageId ?? throw new InvalidOperationException("the route's mark lets missing packages in");

    public static ValueTask<PackageAccess?> BindAsync(HttpContext http) =>
        ValueTask.FromResult<PackageAccess?>(http.Proven<PackageAccess>());
}

internal static class ProvenFeatures
{
    /// <summary>
    /// Returns what the gate has checked for this request. If it is missing, the route lacks the mark that demands it, which is a bug.
    /// </summary>
    public static T Proven<T>(this HttpContext http)
        where T : class =>
        http.Features.Get<T>() ?? throw new InvalidOperationException($"the route has no mark that proves {typeof(T).Name}");
}
