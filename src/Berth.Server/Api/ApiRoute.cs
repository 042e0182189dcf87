namespace Berth.Server.Api;

/// <summary>
/// Who may call a route at all. Every route under /api names one of these, and <see cref="ApiGate"/> decides by it before the handler runs.
/// </summary>
internal enum ApiNeed
{
    /// <summary>Everybody, signed in or not. What is shown depends on the caller.</summary>
    Anyone,

    /// <summary>A user with an unrestricted personal token.</summary>
    User,

    /// <summary>A user, also with a token that is narrowed to packages. For lists of packages.</summary>
    PackageUser,

    /// <summary>A site administrator with a token that has <c>site_admin</c>.</summary>
    SiteAdministrator,

    /// <summary>A member of <c>{org}</c>. To others the organization does not exist.</summary>
    OrganizationMember,

    /// <summary>An owner of <c>{org}</c>.</summary>
    OrganizationOwner,

    /// <summary>An owner of <c>{org}</c>, or the member named by <c>{username}</c>.</summary>
    OrganizationOwnerOrSelf,

    /// <summary>Everybody who can read the repository. A public one needs neither scope nor token.</summary>
    RepositoryReader,

    /// <summary>
    /// A user who can read the repository. The scope is needed even if it is public, since the answer has things of the user's own.
    /// </summary>
    RepositoryUser,

    /// <summary>A role on the repository that may write.</summary>
    RepositoryWriter,

    /// <summary>Admin on the repository.</summary>
    RepositoryAdministrator,

    /// <summary>Pull on the package. A public one needs neither scope nor token.</summary>
    PackageReader,

    /// <summary>Push to the package, which must exist.</summary>
    PackageWriter,

    /// <summary>Delete on the package.</summary>
    PackageDeleter,

    /// <summary>Delete on a deleted package, to restore it.</summary>
    PackageRestorer,

    /// <summary>Admin on the package with <c>write:packages</c>.</summary>
    PackageAdministrator,

    /// <summary>Admin on the package with a scope that reads, to see what only an admin may see.</summary>
    PackageAdministratorReading,

    /// <summary>The right to create the package, or admin if it exists.</summary>
    PackageCreator,
}

/// <summary>Which of the few requests that a codespace's own token may make a route is. All others are refused.</summary>
internal enum CodespaceReach
{
    None,

    /// <summary>GET of the codespace's repository.</summary>
    Repository,

    /// <summary>GET of its creator's public profile.</summary>
    Profile,

    /// <summary>Reading, stopping and rebuilding the codespace <c>{name}</c> itself, and reading its log.</summary>
    Codespace,
}

/// <summary>
/// Marks a route whose <c>{org}</c> and <c>{team_slug}</c> are ids in the path, as clients that follow renames write them
/// (<c>/organizations/1/team/2</c>). The gate replaces them with the names, so the handler is the same.
/// </summary>
internal sealed record ByIds;

/// <summary>The mark of a route that says who may call it.</summary>
/// <param name="Scopes">One of these scopes is needed. Empty: any token will do. Package rules check their scopes themselves.</param>
internal sealed record ApiRoute(ApiNeed Need, IReadOnlyList<string> Scopes)
{
    /// <summary>Whether requests do not count against the caller's limit.</summary>
    public bool Free { get; init; }

    public bool IsPackage => Need is ApiNeed.PackageUser || OnPackage;

    public bool OnPackage => Need is ApiNeed.PackageReader or ApiNeed.PackageWriter or ApiNeed.PackageDeleter
        or ApiNeed.PackageRestorer or ApiNeed.PackageAdministrator or ApiNeed.PackageAdministratorReading or ApiNeed.PackageCreator;

    public bool OnRepository =>
        Need is ApiNeed.RepositoryReader or ApiNeed.RepositoryUser or ApiNeed.RepositoryWriter or ApiNeed.RepositoryAdministrator;

    public bool OnOrganization => Need is ApiNeed.OrganizationMember or ApiNeed.OrganizationOwner or ApiNeed.OrganizationOwnerOrSelf;
}

internal static class ApiRouteMarks
{
    private static readonly string[] GetAndHead = ["GET", "HEAD"];

    /// <summary>Sets the mark. Every route under /api has exactly one.</summary>
    public static TBuilder Requires<TBuilder>(this TBuilder builder, ApiNeed need, params string[] scopes)
        where TBuilder : IEndpointConventionBuilder =>
        builder.WithMetadata(new ApiRoute(need, scopes));

    /// <summary>Everybody may call the route, as often as they like.</summary>
    public static TBuilder RequiresNothing<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder =>
        builder.WithMetadata(new ApiRoute(ApiNeed.Anyone, []) { Free = true });

    /// <summary>Lets a codespace's own token call the route.</summary>
    public static TBuilder ReachedByCodespace<TBuilder>(this TBuilder builder, CodespaceReach reach)
        where TBuilder : IEndpointConventionBuilder =>
        builder.WithMetadata(reach);

    /// <summary>Maps a GET that also answers HEAD, which <c>MapGet</c> does not.</summary>
    public static RouteHandlerBuilder MapRead(this IEndpointRouteBuilder app, string pattern, Delegate handler) =>
        app.MapMethods(pattern, GetAndHead, handler);
}
