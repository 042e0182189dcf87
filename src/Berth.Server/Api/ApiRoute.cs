namespace Berth.Server.Api;

/// <summary>
/// Who may call a route at all. Stands on every route line under /api; <see cref="ApiGate"/> decides it before the handler runs.
/// </summary>
internal enum ApiNeed
{
    /// <summary>Everybody, signed in or not; what is shown depends on who asks.</summary>
    Anyone,

    /// <summary>A user with an unrestricted personal token.</summary>
    User,

    /// <summary>A user, also with a token that is narrowed to packages: lists of packages.</summary>
    PackageUser,

    /// <summary>A site administrator with a token that has <c>site_admin</c>.</summary>
    SiteAdministrator,

    /// <summary>A member of <c>{org}</c>; for others it does not exist.</summary>
    OrganizationMember,

    /// <summary>An owner of <c>{org}</c>.</summary>
    OrganizationOwner,

    /// <summary>An owner of <c>{org}</c>, or the member named by <c>{username}</c>.</summary>
    OrganizationOwnerOrSelf,

    /// <summary>Whoever can read the repository; a public one needs neither scope nor token.</summary>
    RepositoryReader,

    /// <summary>A user who can read the repository, with the scope even where it is public: what is asked for is the user's own.</summary>
    RepositoryUser,

    /// <summary>Write on the repository by name.</summary>
    RepositoryWriter,

    /// <summary>Admin on the repository.</summary>
    RepositoryAdministrator,

    /// <summary>Pull on the package; a public one needs neither scope nor token.</summary>
    PackageReader,

    /// <summary>Push to the package, which is there.</summary>
    PackageWriter,

    /// <summary>Delete on the package.</summary>
    PackageDeleter,

    /// <summary>Delete on a package that has been deleted, to bring it back.</summary>
    PackageRestorer,

    /// <summary>Admin on the package with <c>write:packages</c>.</summary>
    PackageAdministrator,

    /// <summary>Admin on the package with a scope that reads: to look at what only an admin may see.</summary>
    PackageAdministratorReading,

    /// <summary>The right to create the package, or admin where it exists.</summary>
    PackageCreator,
}

/// <summary>Which of the few requests of a codespace's own token a route is, if any. All else is refused.</summary>
internal enum CodespaceReach
{
    None,

    /// <summary>GET of its repository.</summary>
    Repository,

    /// <summary>GET of its creator's public profile.</summary>
    Profile,

    /// <summary>Looking at, stopping, rebuilding and reading the log of the codespace <c>{name}</c> itself.</summary>
    Codespace,
}

/// <summary>
/// Mark of a route whose <c>{org}</c> and <c>{team_slug}</c> are ids in the path, as clients that follow renames write them
/// (<c>/organizations/1/team/2</c>). The gate puts the names in their place; the handler is the same.
/// </summary>
internal sealed record ByIds;

/// <summary>The permission mark of a route.</summary>
/// <param name="Scopes">One of these scopes is needed. Empty: any token will do. Package rules check their scopes themselves.</param>
internal sealed record ApiRoute(ApiNeed Need, IReadOnlyList<string> Scopes)
{
    /// <summary>Does not count against the caller's share of requests.</summary>
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

    /// <summary>Marks what the route needs. Every route under /api has exactly one such mark.</summary>
    public static TBuilder Requires<TBuilder>(this TBuilder builder, ApiNeed need, params string[] scopes)
        where TBuilder : IEndpointConventionBuilder =>
        builder.WithMetadata(new ApiRoute(need, scopes));

    /// <summary>Everybody may ask, as often as they like.</summary>
    public static TBuilder RequiresNothing<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder =>
        builder.WithMetadata(new ApiRoute(ApiNeed.Anyone, []) { Free = true });

    /// <summary>Lets a codespace's own token make this request.</summary>
    public static TBuilder ReachedByCodespace<TBuilder>(this TBuilder builder, CodespaceReach reach)
        where TBuilder : IEndpointConventionBuilder =>
        builder.WithMetadata(reach);

    /// <summary>A GET that also answers HEAD, which <c>MapGet</c> does not.</summary>
    public static RouteHandlerBuilder MapRead(this IEndpointRouteBuilder app, string pattern, Delegate handler) =>
        app.MapMethods(pattern, GetAndHead, handler);
}
