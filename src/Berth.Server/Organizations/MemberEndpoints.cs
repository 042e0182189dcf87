using Berth.Server.Access;
using Berth.Server.Accounts;
using Berth.Server.Api;
using Berth.Server.Api.Bodies;
using Berth.Server.Api.Description;
using Berth.Server.Database;
using Berth.Server.Http;

namespace Berth.Server.Organizations;

/// <summary>The routes for the members of an organization.</summary>
internal static class MemberEndpoints
{
    private const string Resource = ChangeMembers.Resource;

    public static void MapMembers(this IEndpointRouteBuilder api)
    {
        api.MapRead("/orgs/{org}/members", ListAsync).Requires(ApiNeed.OrganizationMember, "read:org", "repo")
            .Does("List the members of an organization").Asks("role", "Only those with this role.", "all", "admin", "member")
            .Gives<List<Client.Wire.Account>>();
        api.MapRead("/orgs/{org}/members/{username}", CheckAsync).Requires(ApiNeed.OrganizationMember, "read:org", "repo")
            .Does("Ask whether somebody is a member").GivesNothing();
        api.MapDelete("/orgs/{org}/members/{username}", RemoveAsync).Requires(ApiNeed.OrganizationOwner, "admin:org")
            .Does("Remove a member").GivesNothing();
        api.MapRead("/orgs/{org}/memberships/{username}", GetAsync).Requires(ApiNeed.OrganizationMember, "read:org")
            .Does("Get somebody's membership").Gives<Client.Wire.Membership>();
        api.MapPut("/orgs/{org}/memberships/{username}", SetAsync).Requires(ApiNeed.OrganizationOwner, "admin:org")
            .Does("Make somebody a member or an owner").Takes<Client.Wire.MembershipChange>().Gives<Client.Wire.Membership>();
        api.MapDelete("/orgs/{org}/memberships/{username}", RemoveAsync).Requires(ApiNeed.OrganizationOwnerOrSelf, "admin:org")
            .Does("Remove a member, or leave").GivesNothing();
        api.MapRead("/orgs/{org}/invitations", Invitations).Requires(ApiNeed.OrganizationOwner, "admin:org")
            .Does("List invitations to an organization: there are none").Gives<List<Client.Wire.Account>>();
        api.MapRead("/orgs/{org}/outside_collaborators", OutsideAsync).Requires(ApiNeed.OrganizationMember, "read:org")
            .Does("List people with a role on a repository who are no members").Gives<List<Client.Wire.Account>>();
        api.MapRead("/user/memberships/orgs", OwnAsync).Requires(ApiNeed.User, "read:org")
            .Does("List one's memberships").Gives<List<Client.Wire.Membership>>();
        api.MapRead("/user/memberships/orgs/{org}", OwnInAsync).Requires(ApiNeed.OrganizationMember, "read:org")
            .Does("Get one's membership of an organization").Gives<Client.Wire.Membership>();
        api.MapPatch("/user/memberships/orgs/{org}", OwnInAsync).Requires(ApiNeed.OrganizationMember, "read:org")
            .Does("Accept an invitation, which is accepted already").Gives<Client.Wire.Membership>();
    }

    private static async Task<IResult> ListAsync(
        HttpContext http, OrganizationAccess access, Paging paging, Db db, ApiUrls urls, CancellationToken cancellationToken)
    {
        var role = http.Request.Query["role"].ToString();
        if (role is not ("" or "all" or "admin" or "member"))
        {
            return ApiErrors.Invalid(Resource, "role", "role must be all, admin or member");
        }

        var page = await db.ReadAsync(
            session => OrganizationTable.MembersAsync(session, access.Organization.Id, role is "" or "all" ? null : role, paging),
            cancellationToken);
        return ApiResult.Page(http, paging, page.Select(row => row.ToWire(urls)));
    }

    /// <summary>There are no invitations, since a person who is added is a member at once.</summary>
    private static IResult Invitations() => ApiResult.Ok(new List<Client.Wire.Account>());

    /// <summary>People with a role on a repository of the organization who are not members.</summary>
    private static async Task<IResult> OutsideAsync(
        HttpContext http, OrganizationAccess access, Paging paging, Db db, ApiUrls urls, CancellationToken cancellationToken)
    {
        var page = await db.ReadAsync(
            session => OrganizationTable.OutsideCollaboratorsAsync(session, access.Organization.Id, paging), cancellationToken);
        return ApiResult.Page(http, paging, page.Select(row => row.ToWire(urls)));
    }

    /// <summary>
    /// The caller's own membership. Clients accept invitations with a PATCH. Here the membership is active already, so the answer is the
    /// same.
    /// </summary>
    private static Task<IResult> OwnInAsync(
        ApiCaller caller, OrganizationAccess access, Db db, ApiUrls urls, CancellationToken cancellationToken) =>
        GetAsync(caller.User.Login, caller, access, db, urls, cancellationToken);

    private static async Task<IResult> CheckAsync(
        string username, ApiCaller caller, OrganizationAccess access, Db db, CancellationToken cancellationToken)
    {
        var member = await db.ReadAsync(
            session => OrganizationTable.MemberAsync(session, access.Organization.Id, username), cancellationToken);
        return member is null ? ApiErrors.Hidden(caller.Principal) : ApiResult.NoContent();
    }

    private static async Task<IResult> GetAsync(
        string username, ApiCaller caller, OrganizationAccess access, Db db, ApiUrls urls, CancellationToken cancellationToken)
    {
        var member = await db.ReadAsync(
            session => OrganizationTable.MemberAsync(session, access.Organization.Id, username), cancellationToken);
        return member is null ? ApiErrors.Hidden(caller.Principal) : ApiResult.Ok(member.ToMembership(access.Organization, urls));
    }

    private static async Task<IResult> SetAsync(
        string username, HttpRequest request, ApiCaller caller, OrganizationAccess access, ChangeMembers members, ApiUrls urls,
        CancellationToken cancellationToken)
    {
        var role = (await RequestBody.ReadAsync<Client.Wire.MembershipChange>(request, Resource, cancellationToken)).Role ?? "member";
        var member = await members.SetAsync(caller, access.Organization, username, role, cancellationToken);
        return ApiResult.Ok(member.ToMembership(access.Organization, urls));
    }

    private static async Task<IResult> RemoveAsync(
        string username, ApiCaller caller, OrganizationAccess access, ChangeMembers members, CancellationToken cancellationToken)
    {
        await members.RemoveAsync(caller, access.Organization, username, cancellationToken);
        return ApiResult.NoContent();
    }

    private static async Task<IResult> OwnAsync(
        HttpContext http, ApiCaller caller, Paging paging, Db db, ApiUrls urls, CancellationToken cancellationToken)
    {
        var rows = await db.ReadAsync(
            async session =>
            {
                var roles = await OrganizationTable.RolesOfAsync(session, caller.User.UserId);
                var me = await AccountTable.FindAsync(session, caller.User.UserId) ?? throw new ApiException(Errors.NotFound);
                return paging.Of(roles)
                    .Select(role => new MemberRow { Id = me.Id, Login = me.Login, SiteAdmin = me.SiteAdmin, Role = role.Role }
                    .ToMembership(new OwnerFacts { Id = role.OrganizationId, Login = role.Login, IsOrganization = true }, urls));
            },
            cancellationToken);
        return ApiResult.Page(http, paging, rows);
    }
}
