using Berth.Server.Access;

namespace Berth.Server.Api;

/// <summary>Who calls, once per request, from a verified token; a handler takes it as a parameter.</summary>
internal sealed record ApiCaller(Principal Principal, ChangeActor Actor)
{
    /// <summary>Null for anonymous callers and machines.</summary>
    public UserPrincipal? UserOrNull => Principal as UserPrincipal;

    /// <summary>For routes whose mark lets nobody but users in.</summary>
    public UserPrincipal User => UserOrNull ?? throw new InvalidOperationException("the route's mark lets callers in that are no users");

    public bool IsSiteAdministrator => UserOrNull is { SiteAdmin: true } user && user.Scopes.Has("site_admin");

    public static ValueTask<ApiCaller?> BindAsync(HttpContext http) => ValueTask.FromResult<ApiCaller?>(http.Proven<ApiCaller>());
}

/// <summary>An organization and what the caller is to it: <c>admin</c> (an owner), <c>member</c> or null.</summary>
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

/// <summary>A package and the facts of the caller about it; what the route's mark asks for holds.</summary>
internal sealed record PackageAccess(PackageFacts Facts)
{
    public PackageAddress Address => Facts.Address;

    /// <summary>For routes whose package must exist.</summary>
    public long Id => Facts.PackageId ?? throw new InvalidOperationException("the route's mark lets missing packages in");

    public static ValueTask<PackageAccess?> BindAsync(HttpContext http) =>
        ValueTask.FromResult<PackageAccess?>(http.Proven<PackageAccess>());
}

internal static class ProvenFeatures
{
    /// <summary>What the gate has proven for this request. Missing means that the route lacks the mark which proves it: a bug.</summary>
    public static T Proven<T>(this HttpContext http)
        where T : class =>
        http.Features.Get<T>() ?? throw new InvalidOperationException($"the route has no mark that proves {typeof(T).Name}");
}
