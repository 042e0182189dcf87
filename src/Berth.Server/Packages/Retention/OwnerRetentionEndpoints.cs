using Berth.Client.Wire;
using Berth.Server.Api;
using Berth.Server.Api.Bodies;
using Berth.Server.Api.Description;
using Berth.Server.Database;

namespace Berth.Server.Packages.Retention;

/// <summary>The routes for the retention of all packages of an organization or of the caller, and for deleted refs.</summary>
internal static class OwnerRetentionEndpoints
{
    public static void MapOwnerRetention(this IEndpointRouteBuilder api)
    {
        Map(api, "/orgs/{org}/settings/retention", ApiNeed.OrganizationOwner);
        Map(api, "/user/settings/retention", ApiNeed.User);
        api.MapPost("/repos/{owner}/{repo}/refs-gone", RefGoneAsync).Requires(ApiNeed.RepositoryWriter, "repo")
            .Does("Tell that a branch, tag or pull request is gone").Takes<GoneRef>().Gives<List<RetentionRun>>();
    }

    private static void Map(IEndpointRouteBuilder api, string retention, ApiNeed need)
    {
        api.MapRead(retention, GetAsync).Requires(need, "read:packages")
            .Does("Get the retention policy of all packages").Gives<RetentionSetting>();
        api.MapPut(retention, SetAsync).Requires(need, "delete:packages")
            .Does("Set the retention policy of all packages").Takes<RetentionPolicy>().Gives<RetentionSetting>();
        api.MapDelete(retention, ClearAsync).Requires(need, "delete:packages")
            .Does("Delete the retention policy of all packages").GivesNothing();
        api.MapRead(retention + "/preview", PreviewAsync).Requires(need, "read:packages")
            .Does("List what the policies in force would remove").Gives<List<RetentionPreview>>();
        api.MapPost(retention + "/preview", TryAsync).Requires(need, "read:packages")
            .Does("List what another policy would remove from all packages").Takes<RetentionPolicy>().Gives<List<RetentionPreview>>();
        api.MapPost(retention + "/runs", RunAsync).Requires(need, "delete:packages")
            .Does("Remove now what the policies say").Creates<List<RetentionRun>>();
        api.MapRead(retention + "/runs", RunsAsync).Requires(need, "read:packages")
            .Does("List what was removed, and when").Gives<List<RetentionRun>>();
    }

    /// <summary>The organization that the gate has checked, else the caller.</summary>
    private static long Owner(HttpContext http, ApiCaller caller) =>
        http.Features.Get<OrganizationAccess>()?.Organization.Id ?? caller.User.UserId;

    private static async Task<IResult> GetAsync(HttpContext http, ApiCaller caller, Db db, CancellationToken cancellationToken)
    {
        var owner = Owner(http, caller);
        return ApiResult.Ok(
            await db.ReadAsync(session => RetentionTable.OfOwnerAsync(session, owner), cancellationToken) is { } row
                ? row.ToWire()
                : RetentionEndpoints.None);
    }

    private static async Task<IResult> SetAsync(
        HttpContext http, ApiCaller caller, SetPolicy set, CancellationToken cancellationToken) =>
        ApiResult.Ok(
            (await set.RunAsync(
                caller.Actor, Place(http, caller), await RetentionEndpoints.ReadAsync(http.Request, cancellationToken),
                cancellationToken))!);

    private static async Task<IResult> ClearAsync(
        HttpContext http, ApiCaller caller, SetPolicy set, CancellationToken cancellationToken) =>
        await set.RunAsync(caller.Actor, Place(http, caller), null, cancellationToken) is null
            ? ApiErrors.Hidden(caller.Principal)
            : ApiResult.NoContent();

    private static PolicyPlace Place(HttpContext http, ApiCaller caller) =>
        new(
            Owner(http, caller), http.Features.Get<OrganizationAccess>()?.Organization.Login ?? caller.User.Login, PackageId: null,
            Package: null);

    private static Task<IResult> PreviewAsync(
        HttpContext http, ApiCaller caller, Paging paging, Db db, RunRetention run, CancellationToken cancellationToken) =>
        ShowAsync(http, Owner(http, caller), null, paging, db, run, cancellationToken);

    private static async Task<IResult> TryAsync(
        HttpContext http, ApiCaller caller, Paging paging, Db db, RunRetention run, CancellationToken cancellationToken) =>
        await ShowAsync(
            http, Owner(http, caller),
            new TriedPolicy(await RetentionEndpoints.ReadAsync(http.Request, cancellationToken), OfOwner: true), paging, db, run,
            cancellationToken);

    /// <summary>A page of packages, each with everything that would be removed from it.</summary>
    private static async Task<IResult> ShowAsync(
        HttpContext http, long owner, TriedPolicy? tried, Paging paging, Db db, RunRetention run, CancellationToken cancellationToken)
    {
        var page = await db.ReadAsync(
            session => RetentionTable.PageOfOwnerAsync(session, owner, all: tried is not null, paging), cancellationToken);
        List<RetentionPreview> previews = [];
        foreach (var package in page.Items)
        {
            previews.Add(await run.PreviewAsync(package.Id, tried, cancellationToken) with { Package = package.FullName });
        }

        return ApiResult.Page(http, paging, new Page<RetentionPreview>(previews, page.Total));
    }

    private static async Task<IResult> RunAsync(
        HttpContext http, ApiCaller caller, Db db, RunRetention run, CancellationToken cancellationToken)
    {
        var owner = Owner(http, caller);
        List<RetentionRun> runs = [];
        foreach (var package in await db.ReadAsync(session => RetentionTable.PackagesAsync(session, ownerId: owner), cancellationToken))
        {
            if (await run.RunAsync(package, caller.Actor, RunCause.Manual, null, cancellationToken) is { } done)
            {
                runs.Add(done with { Removals = null });
            }
        }

        return ApiResult.Created(runs);
    }

    private static async Task<IResult> RunsAsync(
        HttpContext http, ApiCaller caller, Paging paging, Db db, CancellationToken cancellationToken)
    {
        var owner = Owner(http, caller);
        return ApiResult.Page(
            http, paging,
            (await db.ReadAsync(session => RetentionRunTable.ListAsync(session, null, owner, paging), cancellationToken))
                .Select(row => row.ToWire()));
    }

    private static async Task<IResult> RefGoneAsync(
        HttpRequest request, ApiCaller caller, RepositoryAccess access, FollowRefs follow, CancellationToken cancellationToken)
    {
        var gone = await RequestBody.ReadAsync<GoneRef>(
            request,
            "Ref",
            (body, faults) =>
            {
                if (body.Ref is { } text && !FollowedRef.TryParse(text, out _))
                {
                    faults.Add("ref", FollowedRef.Rule);
                }
            },
            cancellationToken);
        return ApiResult.Ok(await follow.GoneAsync(access.Repository.Id, gone.Ref, caller.Actor, cancellationToken));
    }
}
