using Berth.Server.Access;
using Berth.Server.Accounts;
using Berth.Server.Api;
using Berth.Server.Api.Bodies;
using Berth.Server.Api.Description;
using Berth.Server.Database;
using Berth.Server.Http;

namespace Berth.Server.Repositories;

/// <summary>The routes for repositories, which packages link to and codespaces start from.</summary>
internal static class RepositoryEndpoints
{
    private const string Scope = "repo";

    public static void MapRepositories(this IEndpointRouteBuilder api)
    {
        const string Repository = "/repos/{owner}/{repo}";
        api.MapPost("/user/repos", CreateOwnAsync).Requires(ApiNeed.User, Scope)
            .Does("Make a repository of one's own").Takes<Client.Wire.RepositoryChange>("name").Creates<Client.Wire.Repository>();
        api.MapPost("/orgs/{org}/repos", CreateInOrganizationAsync).Requires(ApiNeed.OrganizationMember, Scope)
            .Does("Make a repository of an organization").Takes<Client.Wire.RepositoryChange>("name").Creates<Client.Wire.Repository>();
        api.MapRead("/user/repos", OwnAsync).Requires(ApiNeed.User)
            .Does("List the repositories that one has a role on").Gives<List<Client.Wire.Repository>>();
        api.MapRead("/orgs/{org}/repos", OfOrganizationAsync).Requires(ApiNeed.Anyone)
            .Does("List the repositories of an organization").Gives<List<Client.Wire.Repository>>();
        api.MapRead("/users/{username}/repos", OfUserAsync).Requires(ApiNeed.Anyone)
            .Does("List the repositories of a user").Gives<List<Client.Wire.Repository>>();
        api.MapRead(Repository, GetAsync).Requires(ApiNeed.RepositoryReader, Scope).ReachedByCodespace(CodespaceReach.Repository)
            .Does("Get a repository").Gives<Client.Wire.Repository>();
        api.MapRead("/repositories/{repository_id}", GetAsync)
            .Requires(ApiNeed.RepositoryReader, Scope)
            .ReachedByCodespace(CodespaceReach.Repository)
            .Does("Get a repository").Gives<Client.Wire.Repository>();
        api.MapPatch(Repository, ChangeAsync).Requires(ApiNeed.RepositoryAdministrator, Scope)
            .Does("Change a repository").Takes<Client.Wire.RepositoryChange>().Gives<Client.Wire.Repository>();
        api.MapDelete(Repository, DeleteAsync).Requires(ApiNeed.RepositoryAdministrator, Scope)
            .Does("Delete a repository").GivesNothing();
        api.MapPost(Repository + "/transfer", TransferAsync).Requires(ApiNeed.RepositoryAdministrator, Scope)
            .Does("Give a repository to another owner").Takes<Client.Wire.RepositoryTransfer>().Begins<Client.Wire.Repository>();
    }

    private static async Task<IResult> CreateOwnAsync(
        HttpRequest request, ApiCaller caller, ChangeRepository change, OutgoingOptions options, CancellationToken cancellationToken)
    {
        var wanted = await RepositoryRequest.ReadAsync(request, caller, options, creating: true, cancellationToken);
        return await change.CreateAsync(
            caller, caller.User.UserId, ownerIsOrganization: false, creatorOwns: true, wanted, cancellationToken);
    }

    private static async Task<IResult> CreateInOrganizationAsync(
        HttpRequest request, ApiCaller caller, OrganizationAccess access, ChangeRepository change, OutgoingOptions options,
        CancellationToken cancellationToken)
    {
        var organization = access.Organization;
        if (!access.MayCreateRepositories)
        {
            return ApiErrors.Forbidden(caller.Principal, $"the settings of {organization.Login} do not let members create repositories")
                with
            { Remedy = $"an owner can run: berth org edit {organization.Login} --members-can-create-repositories true" };
        }

        var wanted = await RepositoryRequest.ReadAsync(request, caller, options, creating: true, cancellationToken);
        return await change.CreateAsync(caller, organization.Id, ownerIsOrganization: true, access.IsOwner, wanted, cancellationToken);
    }

    private static Task<IResult> OwnAsync(
        HttpContext http, ApiCaller caller, Paging paging, Db db, ApiUrls urls, CancellationToken cancellationToken) =>
        ListAsync(
            (session, withPrivate) => RepositoryTable.OfUserAsync(session, caller.User.UserId, withPrivate, paging), http, caller, paging,
            db, urls, cancellationToken);

    private static Task<IResult> OfOrganizationAsync(
        HttpContext http, ApiCaller caller, OrganizationAccess access, Paging paging, Db db, ApiUrls urls,
        CancellationToken cancellationToken) =>
        OfOwnerAsync(access.Organization.Id, http, caller, paging, db, urls, cancellationToken);

    private static async Task<IResult> OfUserAsync(
        string username, HttpContext http, ApiCaller caller, Paging paging, Db db, ApiUrls urls, CancellationToken cancellationToken) =>
        await db.ReadAsync(session => AccountTable.FindAsync(session, username), cancellationToken) is { } account
            ? await OfOwnerAsync(account.Id, http, caller, paging, db, urls, cancellationToken)
            : ApiErrors.Hidden(caller.Principal);

    private static Task<IResult> OfOwnerAsync(
        long ownerId, HttpContext http, ApiCaller caller, Paging paging, Db db, ApiUrls urls, CancellationToken cancellationToken) =>
        ListAsync(
            (session, withPrivate) => RepositoryTable.OfOwnerAsync(session, ownerId, caller.UserOrNull?.UserId ?? 0, withPrivate, paging),
            http, caller, paging, db, urls, cancellationToken);

    /// <summary>A token without <c>repo</c> sees only public repositories.</summary>
    private static async Task<IResult> ListAsync(
        Func<DbSession, bool, Task<Page<RepositoryRow>>> list, HttpContext http, ApiCaller caller, Paging paging, Db db, ApiUrls urls,
        CancellationToken cancellationToken)
    {
        var withPrivate = caller.UserOrNull?.Scopes.Has(Scope) ?? false;
        var page = await db.ReadAsync(
            async session =>
            {
                var rows = await list(session, withPrivate);
                var on = caller.UserOrNull is { } user
                    ? await AccessDecisions.RepositoriesAsync(session, user.UserId, rows.Items.Select(row => row.Id))
                    : null;
                return new Page<Client.Wire.Repository>([.. rows.Items.Select(row => row.ToWire(urls, on?[row.Id].Standing))], rows.Total);
            },
            cancellationToken);
        return ApiResult.Page(http, paging, page);
    }

    private static async Task<IResult> GetAsync(
        ApiCaller caller, RepositoryAccess access, Db db, ApiUrls urls, CancellationToken cancellationToken)
    {
        var row = await db.ReadAsync(session => RepositoryTable.FindAsync(session, access.Repository.Id), cancellationToken);
        return row is null
            ? ApiErrors.Hidden(caller.Principal)
            : ApiResult.Ok(row.ToWire(urls, caller.Principal is AnonymousPrincipal ? null : access.Standing));
    }

    private static async Task<IResult> ChangeAsync(
        HttpRequest request, ApiCaller caller, RepositoryAccess access, ChangeRepository change, OutgoingOptions options,
        CancellationToken cancellationToken)
    {
        var wanted = await RepositoryRequest.ReadAsync(request, caller, options, creating: false, cancellationToken);
        return await change.ChangeAsync(caller, access.Repository.Id, wanted, cancellationToken);
    }

    private static async Task<IResult> DeleteAsync(
        ApiCaller caller, RepositoryAccess access, ChangeRepository change, CancellationToken cancellationToken)
    {
        await change.DeleteAsync(caller, access.Repository, cancellationToken);
        return ApiResult.NoContent();
    }

    private static async Task<IResult> TransferAsync(
        HttpRequest request, ApiCaller caller, RepositoryAccess access, ChangeRepository change, CancellationToken cancellationToken)
    {
        var wanted = await RequestBody.ReadAsync<Client.Wire.RepositoryTransfer>(request, "Repository", cancellationToken);
        return await change.TransferAsync(caller, access.Repository.Id, wanted.NewOwner, cancellationToken);
    }
}
