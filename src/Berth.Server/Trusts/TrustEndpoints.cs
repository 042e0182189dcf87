using Berth.Server.Access;
using Berth.Server.Api;
using Berth.Server.Database;
using Berth.Server.Http;
using Berth.Server.Repositories;

namespace Berth.Server.Trusts;

/// <summary>Whose ID tokens stand for workflows: settled by admins of a repository, and by owners for all of an organization.</summary>
internal static class TrustEndpoints
{
    private const string Resource = "Trust";
    private const int Most = 100;

    public static void MapTrusts(this IEndpointRouteBuilder api)
    {
        const string OfRepository = "/repos/{owner}/{repo}/trusts";
        const string OfOrganization = "/orgs/{org}/trusts";
        api.MapRead(OfRepository, ListOfRepositoryAsync).Requires(ApiNeed.RepositoryAdministrator, "repo");
        api.MapPost(OfRepository, AddToRepositoryAsync).Requires(ApiNeed.RepositoryAdministrator, "repo");
        api.MapDelete(OfRepository + "/{trust_id}", RemoveFromRepositoryAsync).Requires(ApiNeed.RepositoryAdministrator, "repo");
        api.MapRead(OfOrganization, ListOfOrganizationAsync).Requires(ApiNeed.OrganizationOwner, "admin:org");
        api.MapPost(OfOrganization, AddToOrganizationAsync).Requires(ApiNeed.OrganizationOwner, "admin:org");
        api.MapDelete(OfOrganization + "/{trust_id}", RemoveFromOrganizationAsync).Requires(ApiNeed.OrganizationOwner, "admin:org");
    }

    private static Task<IResult> ListOfRepositoryAsync(
        HttpContext http, RepositoryAccess access, Paging paging, Db db, CancellationToken cancellationToken) =>
        ListAsync(http, paging, db, session => TrustTable.OfRepositoryAsync(session, access.Repository.Id), cancellationToken);

    private static Task<IResult> ListOfOrganizationAsync(
        HttpContext http, OrganizationAccess access, Paging paging, Db db, CancellationToken cancellationToken) =>
        ListAsync(http, paging, db, session => TrustTable.OfOrganizationAsync(session, access.Organization.Id), cancellationToken);

    private static async Task<IResult> AddToRepositoryAsync(
        HttpRequest request, ApiCaller caller, RepositoryAccess access, Db db, AddressOptions address, TimeProvider time,
        CancellationToken cancellationToken)
    {
        var repository = access.Repository;
        var row = await db.ReadAsync(session => RepositoryTable.FindAsync(session, repository.Id), cancellationToken);
        var wanted = await TrustRequest.ReadAsync(
            request, new TrustPlace(repository.OwnerId, repository.OwnerLogin, repository.Id, row?.ExternalId), address, cancellationToken);
        return await AddAsync(
            caller.User, wanted, db, time, session => TrustTable.OfRepositoryAsync(session, repository.Id), cancellationToken);
    }

    private static async Task<IResult> AddToOrganizationAsync(
        HttpRequest request, ApiCaller caller, OrganizationAccess access, Db db, AddressOptions address, TimeProvider time,
        CancellationToken cancellationToken)
    {
        var organization = access.Organization;
        var wanted = await TrustRequest.ReadAsync(
            request, new TrustPlace(organization.Id, organization.Login, null, null), address, cancellationToken);
        return await AddAsync(
            caller.User, wanted, db, time, session => TrustTable.OfOrganizationAsync(session, organization.Id), cancellationToken);
    }

    private static Task<IResult> RemoveFromRepositoryAsync(
        [Microsoft.AspNetCore.Mvc.FromRoute(Name = "trust_id")] string id, ApiCaller caller, RepositoryAccess access, Db db,
        CancellationToken cancellationToken) =>
        RemoveAsync(id, caller, trust => trust.RepositoryId == access.Repository.Id, db, cancellationToken);

    private static Task<IResult> RemoveFromOrganizationAsync(
        [Microsoft.AspNetCore.Mvc.FromRoute(Name = "trust_id")] string id, ApiCaller caller, OrganizationAccess access, Db db,
        CancellationToken cancellationToken) =>
        RemoveAsync(id, caller, trust => trust.RepositoryId is null && trust.OwnerId == access.Organization.Id, db, cancellationToken);

    private static async Task<IResult> ListAsync(
        HttpContext http, Paging paging, Db db, Func<DbSession, Task<List<Trust>>> read, CancellationToken cancellationToken) =>
        ApiResult.Page(http, paging, paging.Of(await db.ReadAsync(read, cancellationToken)).Select(trust => trust.ToWire()));

    /// <summary>Who lets others publish must be able to do it: the same scope as for a workflow token that is minted.</summary>
    private static async Task<IResult> AddAsync(
        UserPrincipal user, Trust wanted, Db db, TimeProvider time, Func<DbSession, Task<List<Trust>>> present,
        CancellationToken cancellationToken)
    {
        var scope = wanted.Packages + ":packages";
        if (!user.Scopes.Has(scope))
        {
            return ApiErrors.LacksScope(user, [scope]);
        }

        var made = await db.WriteAsync(
            async session =>
            {
                var trusts = await present(session);
                if (trusts.Count >= Most)
                {
                    ApiErrors.Unprocessable(Resource, "issuer", $"there are {Most} trusts already; remove one that nobody uses").Throw();
                }

                var trust = wanted with { CreatedBy = user.Login, CreatedAt = time.GetUtcNow() };
                if (trusts.Exists(one => one.Trusts(trust)))
                {
                    ApiErrors.Exists(Resource, "value", "this is trusted already; remove that trust first to change what it gives").Throw();
                }

                return await TrustTable.FindAsync(session, await TrustTable.InsertAsync(session, trust));
            },
            cancellationToken);
        return ApiResult.Created(made!.ToWire());
    }

    /// <summary>With it end the tokens that were made by it.</summary>
    private static async Task<IResult> RemoveAsync(
        string id, ApiCaller caller, Func<Trust, bool> isHere, Db db, CancellationToken cancellationToken)
    {
        var removed = long.TryParse(id, out var number) && await db.WriteAsync(
            async session =>
            {
                if (await TrustTable.FindAsync(session, number) is not { } trust || !isHere(trust))
                {
                    return false;
                }

                await TrustTable.DeleteAsync(session, number);
                return true;
            },
            cancellationToken);
        return removed ? ApiResult.NoContent() : ApiErrors.Hidden(caller.Principal);
    }
}
