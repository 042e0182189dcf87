using Berth.Client.Wire;
using Berth.Server.Access;
using Berth.Server.Api;
using Berth.Server.Api.Bodies;
using Berth.Server.Api.Description;
using Berth.Server.Audit;
using Berth.Server.Registries;
using Berth.Server.Database;
using Berth.Server.Http;
using Berth.Server.Repositories;

namespace Berth.Server.Secrets;

/// <summary>The routes for the repositories that a user's or an organization's secret selects.</summary>
internal static class SelectedRepositoryEndpoints
{
    /// <summary>409: only a secret with visibility <c>selected</c> has a list.</summary>
    private static readonly ApiError NotSelected = new(
        409, "CONFLICT", "the secret's visibility is not selected, so it has no list of repositories");

    public static void MapSelectionRoutes(this IEndpointRouteBuilder api, string path, ApiNeed manager, string scope)
    {
        api.MapRead(path, ListAsync).Requires(manager, scope)
            .Does("List the repositories that may use a secret").Gives<SelectedRepositoryList>();
        api.MapPut(path, ReplaceAsync).Requires(manager, scope)
            .Does("Replace the repositories that may use a secret").Takes<SecretRepositories>().GivesNothing().Refuses(409);
        api.MapPut(path + "/{id:long}", AddAsync).Requires(manager, scope)
            .Does("Let a repository use a secret").GivesNothing().Refuses(409);
        api.MapDelete(path + "/{id:long}", RemoveAsync).Requires(manager, scope)
            .Does("Let a repository no longer use a secret").GivesNothing().Refuses(409);
    }

    private static async Task<IResult> ListAsync(
        string secret, HttpContext http, ApiCaller caller, Paging paging, Db db, ApiUrls urls, CancellationToken cancellationToken)
    {
        var owner = SecretEndpoints.OwnerOf(http, urls).Owner;
        if (!SecretName.TryParse(secret, out var name, out _))
        {
            return ApiErrors.Hidden(caller.Principal);
        }

        return await db.ReadAsync<IResult>(
            async session =>
            {
                if (await SecretTable.FindAsync(session, owner, name) is not { } row)
                {
                    return ApiErrors.Hidden(caller.Principal);
                }

                var page = paging.Of(await SecretTable.RepositoriesAsync(session, row.Id));
                var on = await AccessDecisions.RepositoriesAsync(session, caller.User.UserId, page.Items);
                var rows = await RepositoryTable.FindAsync(session, page.Items);

                // A repository that the user can no longer read stays selected, but is not shown.
                var repositories = page.Items.FindAll(id => rows.ContainsKey(id)
                        && (owner.Level == SecretLevel.Organization
                            || (on.TryGetValue(id, out var found) && AccessRules.MayRead(found.Standing))))
                    .ConvertAll(id => rows[id].ToWire(urls));

                paging.WriteLinks(http, page.Total);
                return ApiResult.Ok(new SelectedRepositoryList { TotalCount = page.Total, Repositories = repositories });
            },
            cancellationToken);
    }

    private static async Task<IResult> ReplaceAsync(
        string secret, HttpContext http, ApiCaller caller, Db db, ApiUrls urls, AuditLog audit, CancellationToken cancellationToken)
    {
        var ids = (await RequestBody.ReadAsync<SecretRepositories>(http.Request, "Secret", cancellationToken)).SelectedRepositoryIds;
        return await ChangeAsync(
            secret, http, caller, db, urls, audit, ids, (session, row) => SecretTable.ReplaceRepositoriesAsync(session, row.Id, ids),
            cancellationToken);
    }

    private static Task<IResult> AddAsync(
        string secret, long id, HttpContext http, ApiCaller caller, Db db, ApiUrls urls, AuditLog audit,
        CancellationToken cancellationToken) =>
        ChangeAsync(
            secret, http, caller, db, urls, audit, [id], (session, row) => SecretTable.AddRepositoryAsync(session, row.Id, id),
            cancellationToken);

    private static Task<IResult> RemoveAsync(
        string secret, long id, HttpContext http, ApiCaller caller, Db db, ApiUrls urls, AuditLog audit,
        CancellationToken cancellationToken) =>
        ChangeAsync(
            secret, http, caller, db, urls, audit, [], (session, row) => SecretTable.RemoveRepositoryAsync(session, row.Id, id),
            cancellationToken);

    private static Task<IResult> ChangeAsync(
        string secret, HttpContext http, ApiCaller caller, Db db, ApiUrls urls, AuditLog audit, IReadOnlyList<long> added,
        Func<DbSession, SecretRow, Task> change, CancellationToken cancellationToken)
    {
        var owner = SecretEndpoints.OwnerOf(http, urls).Owner;
        return db.WriteAsync<IResult>(
            async session =>
            {
                if (!SecretName.TryParse(secret, out var name, out _) || await SecretTable.FindAsync(session, owner, name) is not { } row)
                {
                    return ApiErrors.Hidden(caller.Principal);
                }

                if (row.Visibility != "selected")
                {
                    return NotSelected;
                }

                await PutSecret.CheckRepositoriesAsync(session, owner, caller.Principal, added);
                await change(session, row);
                await audit.RecordAsync(session, caller.Actor, await owner.EntryAsync(session, "update", row.Name));
                return ApiResult.NoContent();
            },
            cancellationToken);
    }
}
