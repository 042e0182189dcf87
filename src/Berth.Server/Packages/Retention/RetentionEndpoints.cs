using Berth.Client.Wire;
using Berth.Server.Api;
using Berth.Server.Api.Bodies;
using Berth.Server.Api.Description;
using Berth.Server.Database;

namespace Berth.Server.Packages.Retention;

/// <summary>The routes for the retention of one package: its policy, what it would remove, and what it removed.</summary>
internal static class RetentionEndpoints
{
    public const string Resource = "RetentionPolicy";

    /// <param name="owner"><c>/orgs/{org}</c>, <c>/users/{username}</c> or <c>/user</c>.</param>
    public static void MapRetention(this IEndpointRouteBuilder api, string owner)
    {
        var retention = owner + "/packages/{type}/{name}/retention";
        api.MapRead(retention, GetAsync).Requires(ApiNeed.PackageAdministratorReading, "read:packages")
            .Does("Get the retention policy that counts for a package").Gives<RetentionSetting>();
        api.MapPut(retention, SetAsync).Requires(ApiNeed.PackageDeleter, "delete:packages")
            .Does("Set the retention policy of a package").Takes<RetentionPolicy>().Gives<RetentionSetting>();
        api.MapDelete(retention, ClearAsync).Requires(ApiNeed.PackageDeleter, "delete:packages")
            .Does("Delete the retention policy of a package").GivesNothing();
        api.MapRead(retention + "/preview", PreviewAsync).Requires(ApiNeed.PackageAdministratorReading, "read:packages")
            .Does("List what the policy in force would remove").Gives<RetentionPreview>();
        api.MapPost(retention + "/preview", TryAsync).Requires(ApiNeed.PackageAdministratorReading, "read:packages")
            .Does("List what another policy would remove").Takes<RetentionPolicy>().Gives<RetentionPreview>();
        api.MapPost(retention + "/runs", RunAsync).Requires(ApiNeed.PackageDeleter, "delete:packages")
            .Does("Remove now what the policy says").Creates<RetentionRun>();
        api.MapRead(retention + "/runs", RunsAsync).Requires(ApiNeed.PackageAdministratorReading, "read:packages")
            .Does("List what was removed from a package, and when").Gives<List<RetentionRun>>();
        api.MapRead(retention + "/runs/{run_id}", OneRunAsync).Requires(ApiNeed.PackageAdministratorReading, "read:packages")
            .Does("Get one run with the reason of each removal").Gives<RetentionRun>();
    }

    public static Task<RetentionPolicy> ReadAsync(HttpRequest request, CancellationToken cancellationToken) =>
        RequestBody.ReadAsync<RetentionPolicy>(request, Resource, PolicyRules.Check, cancellationToken);

    public static RetentionSetting None { get; } = new() { Source = null, Policy = null };

    private static async Task<IResult> GetAsync(PackageAccess access, Db db, CancellationToken cancellationToken) =>
        ApiResult.Ok(
            await db.ReadAsync(session => RetentionTable.InForceAsync(session, access.Id), cancellationToken) is { } row
                ? row.ToWire()
                : None);

    private static async Task<IResult> SetAsync(
        HttpRequest request, ApiCaller caller, PackageAccess access, SetPolicy set, CancellationToken cancellationToken) =>
        ApiResult.Ok(
            (await set.RunAsync(caller.Actor, Place(access), await ReadAsync(request, cancellationToken), cancellationToken))!);

    private static async Task<IResult> ClearAsync(
        ApiCaller caller, PackageAccess access, SetPolicy set, CancellationToken cancellationToken) =>
        await set.RunAsync(caller.Actor, Place(access), null, cancellationToken) is null
            ? ApiErrors.Hidden(caller.Principal)
            : ApiResult.NoContent();

    private static PolicyPlace Place(PackageAccess access) =>
        new(access.Facts.Owner!.Id, access.Facts.Owner.Login, access.Id, access.Address.Name);

    private static async Task<IResult> PreviewAsync(PackageAccess access, RunRetention run, CancellationToken cancellationToken) =>
        ApiResult.Ok(await run.PreviewAsync(access.Id, null, cancellationToken));

    private static async Task<IResult> TryAsync(
        HttpRequest request, PackageAccess access, RunRetention run, CancellationToken cancellationToken) =>
        ApiResult.Ok(
            await run.PreviewAsync(
                access.Id, new TriedPolicy(await ReadAsync(request, cancellationToken), OfOwner: false), cancellationToken));

    private static async Task<IResult> RunAsync(
        ApiCaller caller, PackageAccess access, RunRetention run, CancellationToken cancellationToken) =>
        await run.RunAsync(access.Id, caller.Actor, RunCause.Manual, null, cancellationToken) is { } done
            ? ApiResult.Created(done)
            : ApiErrors.Unprocessable(Resource, "rules", "no policy counts for this package, or it is switched off; set one first");

    private static async Task<IResult> RunsAsync(
        HttpContext http, PackageAccess access, Paging paging, Db db, CancellationToken cancellationToken) =>
        ApiResult.Page(
            http, paging,
            (await db.ReadAsync(session => RetentionRunTable.ListAsync(session, access.Id, null, paging), cancellationToken))
                .Select(row => row.ToWire()));

    private static async Task<IResult> OneRunAsync(
        string run_id, ApiCaller caller, PackageAccess access, Db db, CancellationToken cancellationToken) =>
        long.TryParse(run_id, out var id)
            && await db.ReadAsync(session => RetentionRunTable.FindAsync(session, access.Id, id), cancellationToken) is { } run
            ? ApiResult.Ok(run)
            : ApiErrors.Hidden(caller.Principal);
}
