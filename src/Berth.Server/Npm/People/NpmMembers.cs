using Berth.Server.Access;
using Berth.Server.Api;
using Berth.Server.Database;
using Berth.Server.Faults;
using Berth.Server.Json;
using Berth.Server.Npm.Authorization;
using Berth.Server.Organizations;

namespace Berth.Server.Npm.People;

/// <summary>
/// <c>npm org</c>: the members of an organization. npm knows owners, admins and developers. Here there are owners and members, whom npm
/// shows as developers. Changes use the same code as the REST API.
/// </summary>
internal static class NpmMembers
{
    private const string Owner = "owner";
    private const string Developer = "developer";

    public static void MapNpmMembers(this IEndpointRouteBuilder npm)
    {
        const string people = "/-/org/{org}/user";
        npm.MapGet(people, ListAsync).RequiresOfApi(ApiNeed.OrganizationMember, "read:org", "repo");
        npm.MapPut(people, SetAsync).RequiresOfApi(ApiNeed.OrganizationOwner, "admin:org");

        // The body names who is removed. Owners may remove anybody, and all members themselves.
        npm.MapDelete(people, RemoveAsync).RequiresOfApi(ApiNeed.OrganizationMember, "admin:org");
    }

    private static async Task<IResult> ListAsync(OrganizationAccess access, Db db, CancellationToken cancellationToken) =>
        Results.Json<IReadOnlyDictionary<string, string>>(
            (await MembersAsync(db, access.Organization, cancellationToken))
                .ToDictionary(member => member.Login, member => Role(member), StringComparer.Ordinal),
            NpmJson.Default.IReadOnlyDictionaryStringString);

    private static async Task<IResult> SetAsync(
        HttpRequest request, ApiCaller caller, OrganizationAccess access, ChangeMembers members, Db db,
        CancellationToken cancellationToken)
    {
        var body = await NpmBody.ReadAsync(request, cancellationToken);
        var (login, role) = (body.NeedsUser(), body.TextOf("role") ?? Developer);
        if (role is not (Owner or Developer))
        {
            return NpmErrors.Bad($"there are owners and developers here, who are members: no {Shown.Quoted(role)}");
        }

        var member = await members.SetAsync(
            caller, access.Organization, login, role == Owner ? "admin" : "member", cancellationToken);
        var size = (await MembersAsync(db, access.Organization, cancellationToken)).Count;
        return Results.Json(
            new NpmMembership(new NpmOrganization(access.Organization.Login, size), member.Login, Role(member)),
            NpmJson.Default.NpmMembership);
    }

    private static async Task<IResult> RemoveAsync(
        HttpRequest request, ApiCaller caller, OrganizationAccess access, ChangeMembers members, CancellationToken cancellationToken)
    {
        var login = (await NpmBody.ReadAsync(request, cancellationToken)).NeedsUser();
        if (ApiAdmission.OwnerOrSelf(caller.Principal, access, login) is { } refused)
        {
            return refused;
        }

        await members.RemoveAsync(caller, access.Organization, login, cancellationToken);
        return Results.Json(new NpmDone(true, login), NpmJson.Default.NpmDone);
    }

    private static string Role(MemberRow member) => member.Role == "admin" ? Owner : Developer;

    private static async Task<List<MemberRow>> MembersAsync(Db db, OwnerFacts organization, CancellationToken cancellationToken) =>
        (await db.ReadAsync(
            session => OrganizationTable.MembersAsync(session, organization.Id, role: null, Paging.Whole), cancellationToken)).Items;
}
