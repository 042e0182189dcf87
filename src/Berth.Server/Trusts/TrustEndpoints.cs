using Berth.Server.Api;
using Berth.Server.Api.Description;
using Berth.Server.Audit;
using Berth.Server.Database;
using Berth.Server.Http;

namespace Berth.Server.Trusts;

/// <summary>
/// The routes for trusts, which say whose ID tokens stand for workflows. Admins of a repository manage its trusts, and owners those for all
/// of an organization.
/// </summary>
internal static class TrustEndpoints
{
    public static void MapTrusts(this IEndpointRouteBuilder api)
    {
        const string OfRepository = "/repos/{owner}/{repo}/trusts";
        const string OfOrganization = "/orgs/{org}/trusts";
        api.MapRead(OfRepository, ListOfRepositoryAsync).Requires(ApiNeed.RepositoryAdministrator, "repo")
            .Does("List whom a repository trusts").Gives<List<Client.Wire.OidcTrust>>();
        api.MapPost(OfRepository, AddToRepositoryAsync).Requires(ApiNeed.RepositoryAdministrator, "repo")
            .Does("Trust a CI system to act as a repository's workflow").Takes<Client.Wire.NewOidcTrust>()
            .Creates<Client.Wire.OidcTrust>();
        api.MapDelete(OfRepository + "/{trust_id}", RemoveFromRepositoryAsync).Requires(ApiNeed.RepositoryAdministrator, "repo")
            .Does("End a trust of a repository").GivesNothing();
        api.MapRead(OfOrganization, ListOfOrganizationAsync).Requires(ApiNeed.OrganizationOwner, "admin:org")
            .Does("List whom an organization trusts").Gives<List<Client.Wire.OidcTrust>>();
        api.MapPost(OfOrganization, AddToOrganizationAsync).Requires(ApiNeed.OrganizationOwner, "admin:org")
            .Does("Trust a CI system to act as workflows of an organization's repositories").Takes<Client.Wire.NewOidcTrust>()
            .Creates<Client.Wire.OidcTrust>();
        api.MapDelete(OfOrganization + "/{trust_id}", RemoveFromOrganizationAsync).Requires(ApiNeed.OrganizationOwner, "admin:org")
            .Does("End a trust of an organization").GivesNothing();
    }

    private static Task<IResult> ListOfRepositoryAsync(
        HttpContext http, RepositoryAccess access, Paging paging, Db db, CancellationToken cancellationToken) =>
        ListAsync(http, paging, db, session => TrustTable.OfRepositoryAsync(session, access.Repository.Id), cancellationToken);

    private static Task<IResult> ListOfOrganizationAsync(
        HttpContext http, OrganizationAccess access, Paging paging, Db db, CancellationToken cancellationToken) =>
        ListAsync(http, paging, db, session => TrustTable.OfOrganizationAsync(session, access.Organization.Id), cancellationToken);

    private static async Task<IResult> AddToRepositoryAsync(
        HttpRequest request, ApiCaller caller, RepositoryAccess access, AddTrust add, AddressOptions address,
        CancellationToken cancellationToken)
    {
        var repository = access.Repository;
        var place = new TrustPlace(
            repository.OwnerId, repository.OwnerLogin, repository.Id, await add.ExternalIdAsync(repository.Id, cancellationToken));
        return await add.RunAsync(
            caller, await TrustRequest.ReadAsync(request, place, address, cancellationToken),
            AuditEntry.On(repository, "repo.add_trust"), cancellationToken);
    }

    private static async Task<IResult> AddToOrganizationAsync(
        HttpRequest request, ApiCaller caller, OrganizationAccess access, AddTrust add, AddressOptions address,
        CancellationToken cancellationToken)
    {
        var organization = access.Organization;
        var place = new TrustPlace(organization.Id, organization.Login, null, null);
        return await add.RunAsync(
            caller, await TrustRequest.ReadAsync(request, place, address, cancellationToken),
            AuditEntry.In(organization, "org.add_trust"), cancellationToken);
    }

    private static Task<IResult> RemoveFromRepositoryAsync(
        [Microsoft.AspNetCore.Mvc.FromRoute(Name = "trust_id")] string id, ApiCaller caller, RepositoryAccess access, Db db,
        AuditLog audit, CancellationToken cancellationToken) =>
        RemoveAsync(
            id, caller, trust => trust.RepositoryId == access.Repository.Id, AuditEntry.On(access.Repository, "repo.remove_trust"), db,
            audit, cancellationToken);

    private static Task<IResult> RemoveFromOrganizationAsync(
        [Microsoft.AspNetCore.Mvc.FromRoute(Name = "trust_id")] string id, ApiCaller caller, OrganizationAccess access,
        Db db, AuditLog audit, CancellationToken cancellationToken) =>
        RemoveAsync(
            id, caller, trust => trust.RepositoryId is null && trust.OwnerId == access.Organization.Id,
            AuditEntry.In(access.Organization, "org.remove_trust"), db, audit, cancellationToken);

    private static async Task<IResult> ListAsync(
        HttpContext http, Paging paging, Db db, Func<DbSession, Task<List<Trust>>> read, CancellationToken cancellationToken) =>
        ApiResult.Page(http, paging, paging.Of(await db.ReadAsync(read, cancellationToken)).Select(trust => trust.ToWire()));

    /// <summary>Removes a trust. The tokens that were made by it end too.</summary>
    private static async Task<IResult> RemoveAsync(
        string id, ApiCaller caller, Func<Trust, bool> isHere, AuditEntry entry, Db db, AuditLog audit, CancellationToken cancellationToken)
    {
        var removed = long.TryParse(id, out var number) && await db.WriteAsync(
            async session =>
            {
                if (await TrustTable.FindAsync(session, number) is not { } trust || !isHere(trust))
                {
                    return false;
                }

                await TrustTable.DeleteAsync(session, number);
                await audit.RecordAsync(session, caller.Actor, entry with { Subject = AddTrust.Subject(number), Old = trust.Describe() });
                return true;
            },
            cancellationToken);
        return removed ? ApiResult.NoContent() : ApiErrors.Hidden(caller.Principal);
    }
}
