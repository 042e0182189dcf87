using Berth.Server.Access;
using Berth.Server.Api;
using Berth.Server.Api.Description;
using Berth.Server.Database;
using Berth.Server.Http;
using Berth.Server.Packages.Rules;

namespace Berth.Server.Packages;

/// <summary>The routes for packages of an organization, a user, and the caller.</summary>
internal static class PackageEndpoints
{
    private const string Resource = "Package";
    private static readonly string[] Types = ["npm", "maven", "rubygems", "docker", "nuget", "container"];

    /// <param name="owner"><c>/orgs/{org}</c>, <c>/users/{username}</c> or <c>/user</c>.</param>
    public static void MapPackages(this IEndpointRouteBuilder api, string owner)
    {
        var package = owner + "/packages/{type}/{name}";
        api.MapRead(owner + "/packages", ListAsync).Requires(ApiNeed.PackageUser, "read:packages")
            .Does("List packages").Needs("package_type", "Other types than container and npm have no packages here.", Types)
            .Asks("visibility", "Only packages of this visibility.", "public", "internal", "private").Gives<List<Client.Wire.Package>>();
        api.MapRead(owner + "/docker/conflicts", Conflicts).Requires(ApiNeed.PackageUser, "read:packages")
            .Does("List packages that clash with those of a former registry: there are none").Gives<List<Client.Wire.Package>>();
        api.MapRead(package, GetAsync).Requires(ApiNeed.PackageReader, "read:packages")
            .Does("Get a package").Gives<Client.Wire.Package>();
        api.MapPut(package, CreateAsync).Requires(ApiNeed.PackageCreator, "write:packages")
            .Does("Make a package before its first push").Takes<Client.Wire.PackageChange>().Gives<Client.Wire.Package>()
            .Creates<Client.Wire.Package>();
        api.MapPatch(package, ChangeAsync).Requires(ApiNeed.PackageAdministrator, "write:packages")
            .Does("Change visibility, link and inheritance of a package").Takes<Client.Wire.PackageChange>().Gives<Client.Wire.Package>();
        api.MapDelete(package, DeleteAsync).Requires(ApiNeed.PackageDeleter, "delete:packages")
            .Does("Delete a package").Asks("force", "`true`: also when other packages depend on it.")
            .Asks("purge", "`true`: at once, and for good.").AsksToOverride().GivesNothing();
        api.MapPost(package + "/restore", RestoreAsync).Requires(ApiNeed.PackageRestorer, "write:packages")
            .Does("Restore a deleted package").GivesNothing();
    }

    private static async Task<IResult> ListAsync(
        HttpContext http, ApiCaller caller, Paging paging, Db db, ReadPackages packages, CancellationToken cancellationToken)
    {
        var type = http.Request.Query["package_type"].ToString();
        if (!Types.Contains(type, StringComparer.Ordinal))
        {
            return Errors.BadRequest(400, $"package_type must be one of {string.Join(", ", Types)}");
        }

        var visibility = http.Request.Query["visibility"].ToString();
        if (visibility.Length > 0 && !VisibilityNames.TryParse(visibility, out _))
        {
            return ApiErrors.Invalid(Resource, "visibility", "visibility must be public, private or internal");
        }

        var login = http.Request.RouteValues["org"] as string ?? http.Request.RouteValues["username"] as string ?? caller.User.Login;
        var person = await db.ReadAsync(session => AccessDecisions.NamespaceAsync(session, caller.User.UserId, login), cancellationToken);
        return person is null
            ? ApiErrors.Hidden(caller.Principal)
            : ApiResult.Page(
                http, paging,
                paging.Of(
                    await packages.ListAsync(caller.User, person, type, visibility.Length == 0 ? null : visibility, cancellationToken)));
    }

    /// <summary>GitHub lists packages of its former registry that clash with new ones. Berth never had such a registry.</summary>
    private static IResult Conflicts() => ApiResult.Ok(new List<Client.Wire.Package>());

    private static async Task<IResult> GetAsync(
        ApiCaller caller, PackageAccess access, ReadPackages packages, CancellationToken cancellationToken) =>
        await packages.OneAsync(caller.Principal, access.Facts, cancellationToken) is { } package
            ? ApiResult.Ok(package)
            : ApiErrors.Hidden(caller.Principal);

    /// <summary>
    /// Creates the package before its first push, so that its settings do not depend on that push. If the package exists, this is a change.
    /// </summary>
    private static async Task<IResult> CreateAsync(
        HttpRequest request, ApiCaller caller, PackageAccess access, ChangePackage change, CancellationToken cancellationToken)
    {
        var wanted = await PackageRequest.ReadAsync(request, cancellationToken);
        return access.Facts.Exists
            ? ApiResult.Ok(await change.ChangeAsync(caller, access.Address, wanted, cancellationToken))
            : ApiResult.Created(await change.CreateAsync(caller, access.Facts, wanted, cancellationToken));
    }

    private static async Task<IResult> ChangeAsync(
        HttpRequest request, ApiCaller caller, PackageAccess access, ChangePackage change, CancellationToken cancellationToken) =>
        ApiResult.Ok(
            await change.ChangeAsync(
                caller, access.Address, await PackageRequest.ReadAsync(request, cancellationToken), cancellationToken));

    private static async Task<IResult> DeleteAsync(
        HttpRequest request, ApiCaller caller, PackageAccess access, DeletePackage delete, ReadOverride overrides,
        CancellationToken cancellationToken)
    {
        var wanted = new PackageDeletion
        {
            Force = request.Query["force"] == "true",
            Purge = DeletePackage.Purges(request),
            Overriding = overrides.OfQuery(request),
        };
        await delete.DeleteAsync(caller.Actor, access, wanted, cancellationToken);
        return ApiResult.NoContent();
    }

    private static async Task<IResult> RestoreAsync(
        ApiCaller caller, PackageAccess access, DeletePackage delete, CancellationToken cancellationToken) =>
        await delete.RestoreAsync(caller, access.Address, cancellationToken) is { } error ? error : ApiResult.NoContent();
}
