using Berth.Server.Accounts;
using Berth.Server.Api;
using Berth.Server.Api.Description;
using Berth.Server.Audit;
using Berth.Server.Database;
using Berth.Server.Repositories;

namespace Berth.Server.Codespaces;

/// <summary>
/// What the owners of an organization may do with codespaces of its repositories: list, stop, and delete them. They cannot enter them.
/// </summary>
internal static class OrganizationCodespaceEndpoints
{
    private const string Scope = "admin:org";

    // https://docs.github.com/rest/codespaces/organizations
    public static void MapOrganizationCodespaces(this IEndpointRouteBuilder api)
    {
        const string OfMember = "/orgs/{org}/members/{username}/codespaces";
        api.MapRead("/orgs/{org}/codespaces", OfOrganizationAsync).Requires(ApiNeed.OrganizationOwner, Scope)
            .Does("List the codespaces of an organization's repositories").Gives<Client.Wire.CodespaceList>();
        api.MapRead(OfMember, OfMemberAsync).Requires(ApiNeed.OrganizationOwner, Scope)
            .Does("List a member's codespaces of an organization's repositories").Gives<Client.Wire.CodespaceList>();
        api.MapRead(OfMember + "/{name}", GetAsync).Requires(ApiNeed.OrganizationOwner, Scope)
            .Does("Get a member's codespace").Gives<Client.Wire.Codespace>();
        api.MapDelete(OfMember + "/{name}", DeleteAsync).Requires(ApiNeed.OrganizationOwner, Scope)
            .Does("Delete a member's codespace").Begins<Dictionary<string, string>>();
        api.MapPost(OfMember + "/{name}/stop", StopAsync).Requires(ApiNeed.OrganizationOwner, Scope)
            .Does("Stop a member's codespace").Gives<Client.Wire.Codespace>();
    }

    private static Task<IResult> OfOrganizationAsync(
        HttpContext http, OrganizationAccess access, Paging paging, Db db, ApiUrls urls, CancellationToken cancellationToken) =>
        ListAsync(http, access, null, paging, db, urls, cancellationToken);

    private static async Task<IResult> OfMemberAsync(
        string username, HttpContext http, ApiCaller caller, OrganizationAccess access, Paging paging, Db db, ApiUrls urls,
        CancellationToken cancellationToken) =>
        await db.ReadAsync(session => AccountTable.FindUserAsync(session, username), cancellationToken) is { } user
            ? await ListAsync(http, access, user.Id, paging, db, urls, cancellationToken)
            : ApiErrors.Hidden(caller.Principal);

    private static async Task<IResult> ListAsync(
        HttpContext http, OrganizationAccess access, long? userId, Paging paging, Db db, ApiUrls urls, CancellationToken cancellationToken)
    {
        var (total, items) = await db.ReadAsync(
            async session =>
            {
                var rows = await CodespaceTable.OfOrganizationAsync(session, access.Organization.Id, userId, paging.Size, paging.Offset);
                return (
                    await CodespaceTable.CountOfOrganizationAsync(session, access.Organization.Id, userId),
                    await CodespaceEndpoints.ToWireAsync(session, rows, urls));
            },
            cancellationToken);
        paging.WriteLinks(http, total);
        return ApiResult.Ok(new Client.Wire.CodespaceList(total, items));
    }

    private static async Task<IResult> GetAsync(
        string username, string name, ApiCaller caller, OrganizationAccess access, Db db, ApiUrls urls,
        CancellationToken cancellationToken) =>
        await db.ReadAsync<IResult>(
            async session => await FindAsync(session, access, username, name) is { } codespace
                ? ApiResult.Ok(codespace.ToWire(await RepositoryTable.FindAsync(session, codespace.RepositoryId!.Value), urls))
                : ApiErrors.Hidden(caller.Principal),
            cancellationToken);

    private static async Task<IResult> DeleteAsync(
        string username, string name, ApiCaller caller, OrganizationAccess access, Db db, AuditLog audit, TimeProvider time,
        Reconciler reconciler, CancellationToken cancellationToken)
    {
        var codespace = await db.WriteAsync(
            async session =>
            {
                var found = await FindAsync(session, access, username, name);
                if (found is not null)
                {
                    await CodespaceTable.WantDeletionAsync(session, found.Id, time.GetUtcNow());
                    await audit.RecordAsync(session, caller.Actor, found, "destroy");
                }

                return found;
            },
            cancellationToken);
        if (codespace is null)
        {
            return ApiErrors.Hidden(caller.Principal);
        }

        reconciler.Wake(codespace.Id);
        return Results.Text("{}", "application/json", statusCode: StatusCodes.Status202Accepted);
    }

    private static async Task<IResult> StopAsync(
        string username, string name, ApiCaller caller, OrganizationAccess access, Db db, AuditLog audit, TimeProvider time,
        Reconciler reconciler, ApiUrls urls, CancellationToken cancellationToken)
    {
        var codespace = await db.WriteAsync(
            async session =>
            {
                var found = await FindAsync(session, access, username, name);
                if (found is not null)
                {
                    await CodespaceTable.WantStopAsync(session, found.Id, time.GetUtcNow());
                    await audit.RecordAsync(session, caller.Actor, found, "suspend_environment");
                }

                return found;
            },
            cancellationToken);
        if (codespace is null)
        {
            return ApiErrors.Hidden(caller.Principal);
        }

        reconciler.Wake(codespace.Id);
        return await GetAsync(username, name, caller, access, db, urls, cancellationToken);
    }

    /// <summary>Finds a codespace of that user, if it is of one of this organization's repositories.</summary>
    private static async Task<Codespace?> FindAsync(DbSession session, OrganizationAccess access, string username, string name) =>
        await AccountTable.FindUserAsync(session, username) is { } user
        && await CodespaceTable.FindAsync(session, user.Id, name) is { RepositoryId: { } repositoryId } codespace
        && await RepositoryTable.FindAsync(session, repositoryId) is { } repository
        && repository.OwnerId == access.Organization.Id
            ? codespace
            : null;
}
