using Berth.Client.Wire;
using Berth.Server.Access;
using Berth.Server.Accounts;
using Berth.Server.Api;
using Berth.Server.Api.Bodies;
using Berth.Server.Api.Description;
using Berth.Server.Audit;
using Berth.Server.Database;
using Berth.Server.Http;

namespace Berth.Server.Repositories;

/// <summary>
/// The routes for people with a role of their own on a repository. There are no invitations, so a person who is added has the role at once.
/// </summary>
internal static class CollaboratorEndpoints
{
    private const string Scope = "repo";

    public static void MapCollaborators(this IEndpointRouteBuilder api)
    {
        const string Collaborators = "/repos/{owner}/{repo}/collaborators";
        api.MapRead(Collaborators, ListAsync).Requires(ApiNeed.RepositoryWriter, Scope)
            .Does("List the collaborators of a repository").Gives<List<Collaborator>>();
        api.MapRead(Collaborators + "/{username}", CheckAsync).Requires(ApiNeed.RepositoryWriter, Scope)
            .Does("Ask whether somebody holds a role on a repository by name").GivesNothing();
        api.MapPut(Collaborators + "/{username}", SetAsync).Requires(ApiNeed.RepositoryAdministrator, Scope)
            .Does("Give somebody a role on a repository").Takes<PermissionChange>().GivesNothing();
        api.MapDelete(Collaborators + "/{username}", RemoveAsync).Requires(ApiNeed.RepositoryAdministrator, Scope)
            .Does("Take somebody's role on a repository").GivesNothing();
        api.MapRead("/repos/{owner}/{repo}/invitations", Invitations).Requires(ApiNeed.RepositoryAdministrator, Scope)
            .Does("List invitations to a repository: there are none").Gives<List<Account>>();
        api.MapRead(Collaborators + "/{username}/permission", PermissionAsync).Requires(ApiNeed.RepositoryWriter, Scope)
            .Does("Get what somebody may do with a repository").Gives<CollaboratorPermission>();
    }

    private static IResult Invitations() => ApiResult.Ok(new List<Account>());

    private static async Task<IResult> ListAsync(
        HttpContext http, RepositoryAccess access, Paging paging, Db db, ApiUrls urls, CancellationToken cancellationToken)
    {
        var page = await db.ReadAsync(
            session => RepositoryTable.CollaboratorsAsync(session, access.Repository.Id, paging), cancellationToken);
        return ApiResult.Page(http, paging, page.Select(row => new Collaborator
        {
            Login = row.Login,
            Id = row.Id,
            Url = urls.User(row.Login),
            RoleName = row.Role,
            Permissions = RepositoryRole.Permissions(row.Role, canRead: true),
        }));
    }

    /// <summary>204 for a person who has a role by name, as a collaborator or otherwise.</summary>
    private static async Task<IResult> CheckAsync(
        string username, ApiCaller caller, RepositoryAccess access, Db db, CancellationToken cancellationToken)
    {
        var standing = await StandingAsync(username, access, db, cancellationToken);
        return standing is ({ }, { Named.Count: > 0 }) ? ApiResult.NoContent() : ApiErrors.Hidden(caller.Principal);
    }

    private static async Task<IResult> SetAsync(
        string username, HttpRequest request, ApiCaller caller, RepositoryAccess access, Db db, AuditLog audit,
        CancellationToken cancellationToken)
    {
        var role = RepositoryRole.Of(await RequestBody.ReadAsync<PermissionChange>(request, "Collaborator", cancellationToken)) ?? "write";
        var error = await db.WriteAsync(
            async session =>
            {
                if (await AccountTable.FindUserAsync(session, username) is not { } user)
                {
                    return Errors.NotFound.With($"there is no user {username}");
                }

                if (user.Id == access.Repository.OwnerId)
                {
                    return ApiErrors.Unprocessable("Collaborator", "username", $"{user.Login} owns {access.Repository.FullName}");
                }

                await RepositoryTable.SetCollaboratorAsync(session, access.Repository.Id, user.Id, role);
                await audit.RecordAsync(
                    session, caller.Actor,
                    AuditEntry.On(access.Repository, "repo.add_member", AuditEntry.User(user.Login)) with { New = role });
                return null;
            },
            cancellationToken);
        return error ?? ApiResult.NoContent();
    }

    private static async Task<IResult> RemoveAsync(
        string username, ApiCaller caller, RepositoryAccess access, Db db, AuditLog audit, CancellationToken cancellationToken)
    {
        var removed = await db.WriteAsync(
            async session =>
            {
                if (await AccountTable.FindUserAsync(session, username) is not { } user
                    || await RepositoryTable.RemoveCollaboratorAsync(session, access.Repository.Id, user.Id) == 0)
                {
                    return false;
                }

                await audit.RecordAsync(
                    session, caller.Actor, AuditEntry.On(access.Repository, "repo.remove_member", AuditEntry.User(user.Login)));
                return true;
            },
            cancellationToken);
        return removed ? ApiResult.NoContent() : ApiErrors.Hidden(caller.Principal);
    }

    private static async Task<IResult> PermissionAsync(
        string username, RepositoryAccess access, Db db, ApiUrls urls, CancellationToken cancellationToken)
    {
        var (user, standing) = await StandingAsync(username, access, db, cancellationToken);
        if (user is null)
        {
            return Errors.NotFound.With($"there is no user {username}");
        }

        var role = RepositoryRole.Highest(standing!.Named) ?? (AccessRules.MayRead(standing) ? "read" : null);
        return ApiResult.Ok(new CollaboratorPermission
        {
            Permission = RepositoryRole.Folded(role),
            RoleName = role ?? "none",
            User = user.ToSimple(urls),
        });
    }

    private static Task<(AccountRow? User, RepositoryStanding? Standing)> StandingAsync(
        string username, RepositoryAccess access, Db db, CancellationToken cancellationToken) =>
        db.ReadAsync<(AccountRow?, RepositoryStanding?)>(
            async session => await AccountTable.FindUserAsync(session, username) is { } user
                ? (user, (await AccessDecisions.RepositoryAsync(session, user.Id, access.Repository.Id))?.Standing)
                : (null, null),
            cancellationToken);
}
