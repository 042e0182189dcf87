using Berth.Client.Wire;
using Berth.Server.Access;
using Berth.Server.Api;
using Berth.Server.Api.Description;
using Berth.Server.Database;
using Berth.Server.Http;
using Berth.Server.Packages.References;
using Berth.Server.Packages.Rules;

namespace Berth.Server.Packages.Versions;

/// <summary>
/// The routes for the versions of a package. A container package has one for each manifest, with or without a tag. An npm package has one
/// for each number.
/// </summary>
internal static class VersionEndpoints
{
    /// <param name="owner"><c>/orgs/{org}</c>, <c>/users/{username}</c> or <c>/user</c>.</param>
    public static void MapVersions(this IEndpointRouteBuilder api, string owner)
    {
        var versions = owner + "/packages/{type}/{name}/versions";
        api.MapRead(versions, ListAsync).Requires(ApiNeed.PackageReader, "read:packages")
            .Does("List the versions of a package").Asks("state", "Without it `active`.", "active", "deleted")
            .Gives<List<PackageVersion>>();
        api.MapRead(versions + "/{version_id}", GetAsync).Requires(ApiNeed.PackageReader, "read:packages")
            .Does("Get a version").Gives<PackageVersion>();
        api.MapRead(owner + "/packages/{type}/{name}/dependants", PackageDependantsAsync)
            .Requires(ApiNeed.PackageAdministratorReading, "read:packages")
            .Does("List what depends on a package").Gives<Dependants>();
        api.MapRead(versions + "/{version_id}/dependants", DependantsAsync)
            .Requires(ApiNeed.PackageAdministratorReading, "read:packages")
            .Does("List what depends on a version").Gives<Dependants>();
        api.MapDelete(versions + "/{version_id}", DeleteAsync).Requires(ApiNeed.PackageDeleter, "delete:packages")
            .Does("Delete a version").Asks("force", "`true`: also a part of an index, and what other packages need.")
            .Asks("cascade", "`true`: with what nothing else holds.").Asks("purge", "`true`: at once, and for good.")
            .AsksToOverride().Asks("details", "`true`: answer with what was deleted.").Gives<DeletedVersions>().GivesNothing();
        api.MapPost(versions + "/{version_id}/restore", RestoreAsync).Requires(ApiNeed.PackageRestorer, "write:packages")
            .Does("Restore a deleted version").AsksToOverride().Asks("details", "`true`: answer with what was restored.")
            .Gives<RestoredVersions>().GivesNothing();
    }

    private static async Task<IResult> ListAsync(
        HttpContext http, ApiCaller caller, PackageAccess access, Paging paging, Db db, ApiUrls urls, RetentionOptions options,
        TimeProvider time, CancellationToken cancellationToken)
    {
        var state = http.Request.Query["state"].ToString();
        if (state is not ("" or "active" or "deleted"))
        {
            return ApiErrors.Invalid("PackageVersion", "state", "state must be active or deleted");
        }

        var deleted = state == "deleted";
        if (deleted && AccessRules.UserRole(access.Facts, new RuleChain()) != Role.Admin)
        {
            return ApiErrors.Forbidden(caller.Principal, "deleted versions are shown to admins of the package");
        }

        var since = time.GetUtcNow() - TimeSpan.FromDays(options.DeletedRetentionDays);
        var page = await db.ReadAsync(
            async session =>
            {
                var package = (await PackageTable.FindAsync(session, access.Id))!;
                var rows = await VersionTable.ListAsync(session, access.Id, deleted, since, paging);
                var tags = await TagTable.OfVersionsAsync(session, rows.Items.ConvertAll(row => row.Id), deleted);
                return rows.Select(row => row.ToWire(package, [.. tags[row.Id]], urls));
            },
            cancellationToken);
        return ApiResult.Page(http, paging, page);
    }

    private static async Task<IResult> GetAsync(
        string version_id, ApiCaller caller, PackageAccess access, Db db, ApiUrls urls, CancellationToken cancellationToken)
    {
        var version = long.TryParse(version_id, out var id)
            ? await db.ReadAsync<PackageVersion?>(
                async session => await VersionTable.FindAsync(session, access.Id, id) is { DeletedAt: null } row
                    ? row.ToWire(
                        (await PackageTable.FindAsync(session, access.Id))!,
                        [.. (await TagTable.OfVersionsAsync(session, [id], deleted: false))[id]], urls)
                    : null,
                cancellationToken)
            : null;
        return version is null ? ApiErrors.Hidden(caller.Principal) : ApiResult.Ok(version);
    }

    private static async Task<IResult> PackageDependantsAsync(
        ApiCaller caller, PackageAccess access, ReadDependants dependants, CancellationToken cancellationToken) =>
        ApiResult.Ok(await dependants.OfPackageAsync(caller.User, access.Address, access.Id, cancellationToken));

    private static async Task<IResult> DependantsAsync(
        string version_id, ApiCaller caller, PackageAccess access, ReadDependants dependants, CancellationToken cancellationToken) =>
        long.TryParse(version_id, out var id)
            && await dependants.OfVersionAsync(caller.User, access.Address, access.Id, id, cancellationToken) is { } found
            ? ApiResult.Ok(found)
            : ApiErrors.Hidden(caller.Principal);

    private static async Task<IResult> DeleteAsync(
        string version_id, HttpRequest request, ApiCaller caller, PackageAccess access, DeleteVersion delete,
        ReadOverride overrides, CancellationToken cancellationToken)
    {
        if (!long.TryParse(version_id, out var id))
        {
            return ApiErrors.Hidden(caller.Principal);
        }

        var wanted = new VersionDeletion
        {
            Force = request.Query["force"] == "true",
            Cascade = request.Query["cascade"] == "true",
            Purge = DeletePackage.Purges(request),
            KeepLast = true,
            Overriding = overrides.OfQuery(request),
        };
        var deletion = await delete.RunAsync(
            caller.Actor, access.Id, session => VersionTable.FindAsync(session, access.Id, id), wanted, cancellationToken);
        return deletion.Stays is { } stays ? Refusal(caller.Principal, stays)
            : Detailed(request) ? ApiResult.Ok(new DeletedVersions(deletion.Deleted)) : ApiResult.NoContent();
    }

    private static async Task<IResult> RestoreAsync(
        string version_id, HttpRequest request, ApiCaller caller, PackageAccess access, RestoreVersion restore,
        ReadOverride overrides, CancellationToken cancellationToken)
    {
        if (!long.TryParse(version_id, out var id))
        {
            return ApiErrors.Hidden(caller.Principal);
        }

        var restoration = await restore.RunAsync(caller, access.Address, id, overrides.OfQuery(request), cancellationToken);
        return restoration.Stays is { } stays ? Refusal(caller.Principal, stays)
            : Detailed(request) ? ApiResult.Ok(restoration.Restored) : ApiResult.NoContent();
    }

    /// <summary>GitHub answers without a body. A client that asks for details is told what was done.</summary>
    private static bool Detailed(HttpRequest request) => request.Query["details"] == "true";

    private static ApiError Refusal(Principal principal, VersionStays stays) => stays.Reason switch
    {
        VersionStaysReason.Last =>
            Errors.BadRequest(400, "You cannot delete the last version of a package. You must delete the package instead."),
        VersionStaysReason.PartOfIndex => ApiErrors.Unprocessable(
            "PackageVersion", "id",
            $"it is part of {stays.What}, which would break; delete that first, or say ?force=true (berth: --force)"),
        VersionStaysReason.Needed => ApiErrors.Unprocessable("PackageVersion", "id", DeletePackage.Needed(stays.What!)),
        VersionStaysReason.PublishedAgain =>
            ApiErrors.Unprocessable("PackageVersion", "id", $"{stays.What} was pushed again since and is there"),
        _ => ApiErrors.Hidden(principal),
    };
}
