using Berth.Client.Wire;
using Berth.Server.Access;
using Berth.Server.Api;
using Berth.Server.Api.Description;
using Berth.Server.Audit;
using Berth.Server.Database;
using Berth.Server.Http;
using Berth.Server.Repositories;
using Microsoft.AspNetCore.Mvc;

namespace Berth.Server.Codespaces.Prebuilds;

/// <summary>
/// The prebuilds of a repository. Everybody who may read the repository sees them. Everybody who may write to it sees their logs too, and
/// its admins can remove them.
/// </summary>
internal static class PrebuildEndpoints
{
    private const string Scope = "repo";

    /// <param name="codespaces">The path of one repository's codespaces.</param>
    public static void MapPrebuilds(this IEndpointRouteBuilder api, string codespaces)
    {
        var all = codespaces + "/prebuilds";
        var one = all + "/{prebuild_id}";
        api.MapRead(all, ListAsync).Requires(ApiNeed.RepositoryReader, Scope)
            .Does("List the prebuilds of a repository").Gives<CodespacePrebuildList>();
        api.MapRead(one, GetAsync).Requires(ApiNeed.RepositoryReader, Scope)
            .Does("Get a prebuild").Gives<CodespacePrebuild>();
        api.MapRead(one + "/log", LogAsync).Requires(ApiNeed.RepositoryWriter, Scope)
            .Does("Read the log of a prebuild").Asks("follow", "`true`: until it has ended.").GivesBytes("text/plain");
        api.MapDelete(one, DeleteAsync).Requires(ApiNeed.RepositoryAdministrator, Scope)
            .Does("Delete a prebuild").GivesNothing();
    }

    private static async Task<IResult> ListAsync(
        HttpContext http, RepositoryAccess access, Paging paging, Db db, ApiUrls urls, CancellationToken cancellationToken)
    {
        var (all, branch) = await db.ReadAsync(
            async session => (
                await PrebuildTable.OfRepositoryAsync(session, access.Repository.Id),
                await BranchAsync(session, access.Repository)),
            cancellationToken);
        paging.WriteLinks(http, all.Count);
        return ApiResult.Ok(new CodespacePrebuildList(
            all.Count, [.. paging.Of(all).Items.Select(one => one.ToWire(access.Repository, branch, urls))]));
    }

    private static async Task<IResult> GetAsync(
        [FromRoute(Name = "prebuild_id")] string id, ApiCaller caller, RepositoryAccess access, Db db, ApiUrls urls,
        CancellationToken cancellationToken)
    {
        var prebuild = await FindAsync(id, caller, access, db, cancellationToken);
        var branch = await db.ReadAsync(session => BranchAsync(session, access.Repository), cancellationToken);
        return ApiResult.Ok(prebuild.ToWire(access.Repository, branch, urls));
    }

    private static async Task LogAsync(
        [FromRoute(Name = "prebuild_id")] string id, HttpContext http, ApiCaller caller, RepositoryAccess access, Db db, CodespaceLog logs,
        TimeProvider time, CancellationToken cancellationToken)
    {
        var prebuild = await FindAsync(id, caller, access, db, cancellationToken);
        await CreationLog.WriteAsync(
            http, prebuild.Id, null, logs, time,
            async () => http.Request.Query["follow"].ToString() is not ("true" or "1")
                || await db.ReadAsync(session => PrebuildTable.FindAsync(session, prebuild.Id), cancellationToken)
                    is not { IsUnderWay: true },
            cancellationToken);
    }

    private static async Task<IResult> DeleteAsync(
        [FromRoute(Name = "prebuild_id")] string id, ApiCaller caller, RepositoryAccess access, Db db, AuditLog audit, TimeProvider time,
        Reconciler reconciler, CancellationToken cancellationToken)
    {
        var prebuild = await FindAsync(id, caller, access, db, cancellationToken);
        var now = time.GetUtcNow();
        await db.WriteAsync(
            async session =>
            {
                await CodespaceTable.WantDeletionAsync(session, prebuild.Id, now);
                await audit.RecordAsync(
                    session, caller.Actor, AuditEntry.On(access.Repository, "prebuild.destroy", $"prebuild:{prebuild.Id}"));
            },
            cancellationToken);
        reconciler.Wake(prebuild.Id);
        return ApiResult.NoContent();
    }

    private static async Task<string> BranchAsync(DbSession session, RepositoryFacts repository) =>
        (await RepositoryTable.FindAsync(session, repository.Id))?.DefaultBranch ?? "";

    private static async Task<Prebuild> FindAsync(
        string id, ApiCaller caller, RepositoryAccess access, Db db, CancellationToken cancellationToken) =>
        long.TryParse(id, out var number)
            && await db.ReadAsync(session => PrebuildTable.FindAsync(session, access.Repository.Id, number), cancellationToken) is { } found
            ? found
            : throw new ApiException(ApiErrors.Hidden(caller.Principal));
}
