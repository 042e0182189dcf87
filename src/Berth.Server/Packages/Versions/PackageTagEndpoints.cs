using Berth.Client.Wire;
using Berth.Server.Access;
using Berth.Server.Api;
using Berth.Server.Api.Bodies;
using Berth.Server.Api.Description;
using Berth.Server.Database;
using Berth.Server.Oci;
using Berth.Server.Packages.Rules;

namespace Berth.Server.Packages.Versions;

/// <summary>The routes for the tags of a package: the history of each, and moving one to an existing version.</summary>
internal static class PackageTagEndpoints
{
    private const string Resource = "PackageTag";

    /// <param name="owner"><c>/orgs/{org}</c>, <c>/users/{username}</c> or <c>/user</c>.</param>
    public static void MapPackageTags(this IEndpointRouteBuilder api, string owner)
    {
        var tag = owner + "/packages/{type}/{name}/tags/{tag}";
        api.MapRead(tag + "/history", HistoryAsync).Requires(ApiNeed.PackageReader, "read:packages")
            .Does("List where a tag was").Gives<List<TagMove>>();
        api.MapPut(tag, MoveAsync).Requires(ApiNeed.PackageWriter, "write:packages")
            .Does("Move a tag to a version that is there").Takes<TagTarget>().Gives<VersionName>();
        api.MapDelete(tag, RemoveAsync).Requires(ApiNeed.PackageDeleter, "delete:packages")
            .Does("Delete a tag").AsksToOverride().GivesNothing();
    }

    private static async Task<IResult> HistoryAsync(
        string tag, HttpContext http, PackageAccess access, Paging paging, Db db, RetentionOptions options, TimeProvider time,
        CancellationToken cancellationToken)
    {
        var since = time.GetUtcNow() - TimeSpan.FromDays(options.DeletedRetentionDays);
        var page = await db.ReadAsync(
            session => TagHistoryTable.ListAsync(session, access.Id, tag, since, paging), cancellationToken);

        // Only people who may push see who pushed, since the history names people and private repositories.
        var named = AccessRules.UserRole(access.Facts, new RuleChain()) >= Role.Write;
        return ApiResult.Page(
            http, paging,
            page.Select(
                row => new TagMove { At = row.At, From = row.From, To = row.To, State = row.State, Actor = named ? row.Actor : null }));
    }

    private static async Task<IResult> MoveAsync(
        string tag, HttpRequest request, ApiCaller caller, PackageAccess access, MoveTag move, ReadOverride overrides,
        CancellationToken cancellationToken)
    {
        var body = await RequestBody.ReadAsync<TagTarget>(request, Resource, cancellationToken);
        return Tag.TryParse(tag, out var parsed)
            ? ApiResult.Ok(
                await move.RunAsync(
                    caller, access.Address, parsed, body.Version, overrides.Of(body.Override, body.Reason), cancellationToken))
            : ApiErrors.Invalid(Resource, "tag", Tag.Rule);
    }

    private static async Task<IResult> RemoveAsync(
        string tag, HttpRequest request, ApiCaller caller, PackageAccess access, MoveTag move, ReadOverride overrides,
        CancellationToken cancellationToken) =>
        await move.RemoveAsync(caller, access.Address, tag, overrides.OfQuery(request), cancellationToken)
            ? ApiResult.NoContent()
            : ApiErrors.Hidden(caller.Principal);
}
