using Berth.Server.Api;
using Berth.Server.Database;
using Berth.Server.Http;
using Berth.Server.Json;
using Berth.Server.Npm.Authorization;
using Berth.Server.Organizations;

namespace Berth.Server.Npm.People;

/// <summary><c>npm team</c>: the teams of an organization and their members. Changes use the same code as the REST API.</summary>
internal static class NpmTeams
{
    /// <summary>The same limit as in the REST API.</summary>
    private const int LongestName = 100;

    private const int LongestDescription = 1000;

    public static void MapNpmTeams(this IEndpointRouteBuilder npm)
    {
        const string teams = "/-/org/{org}/team";
        npm.MapGet(teams, ListAsync).RequiresOfApi(ApiNeed.OrganizationMember, "read:org");
        npm.MapPut(teams, CreateAsync).RequiresOfApi(ApiNeed.OrganizationOwner, "admin:org");

        const string team = "/-/team/{org}/{team_slug}";
        npm.MapDelete(team, DeleteAsync).RequiresOfApi(ApiNeed.OrganizationOwner, "admin:org");
        npm.MapGet(team + "/user", PeopleAsync).RequiresOfApi(ApiNeed.OrganizationMember, "read:org");
        npm.MapPut(team + "/user", AddAsync).RequiresOfApi(ApiNeed.OrganizationOwner, "admin:org");

        // The body names who is removed. Owners may remove anybody, and all members themselves.
        npm.MapDelete(team + "/user", RemoveAsync).RequiresOfApi(ApiNeed.OrganizationMember, "admin:org");
    }

    private static async Task<IResult> ListAsync(OrganizationAccess access, Db db, CancellationToken cancellationToken)
    {
        var organization = access.Organization;
        var page = await db.ReadAsync(session => TeamTable.ListAsync(session, organization.Id, Paging.Whole), cancellationToken);
        return List(page.Items.ConvertAll(team => $"{organization.Login}:{team.Slug}"));
    }

    private static async Task<IResult> CreateAsync(
        HttpRequest request, ApiCaller caller, OrganizationAccess access, ChangeTeams teams, CancellationToken cancellationToken)
    {
        var body = await NpmBody.ReadAsync(request, cancellationToken);
        var (name, description) = (body.Needs("name"), body.TextOf("description"));
        var fault = name.Length > LongestName || name.Any(char.IsControl)
            ? $"the name of a team has at most {LongestName} characters, none of them a control character"
            : ChangeTeams.NameFault(name);
        if (fault is null && (description?.Length > LongestDescription || description?.Contains('\0', StringComparison.Ordinal) is true))
        {
            fault = $"a description has at most {LongestDescription} characters";
        }

        if (fault is not null)
        {
            return NpmErrors.Bad(fault);
        }

        var team = await teams.CreateAsync(caller, access.Organization, name, description, cancellationToken);
        return Done(access, team.Slug, StatusCodes.Status201Created);
    }

    private static async Task<IResult> DeleteAsync(
        string team_slug, ApiCaller caller, OrganizationAccess access, ChangeTeams teams, CancellationToken cancellationToken)
    {
        await teams.DeleteAsync(caller, access.Organization, team_slug, cancellationToken);
        return Done(access, team_slug);
    }

    private static async Task<IResult> PeopleAsync(
        string team_slug, OrganizationAccess access, Db db, CancellationToken cancellationToken)
    {
        var page = await db.ReadAsync(
            async session => await TeamTable.FindAsync(session, access.Organization.Id, team_slug) is { } team
                ? await TeamTable.MembersAsync(session, team.Id, Paging.Whole)
                : throw new ApiException(NpmErrors.NotFound.Saying($"{access.Organization.Login} has no team {team_slug}")),
            cancellationToken);
        return List(page.Items.ConvertAll(member => member.Login));
    }

    private static async Task<IResult> AddAsync(
        string team_slug, HttpRequest request, ApiCaller caller, OrganizationAccess access, ChangeTeams teams,
        CancellationToken cancellationToken)
    {
        var login = (await NpmBody.ReadAsync(request, cancellationToken)).NeedsUser();
        var (team, _) = await teams.SetMemberAsync(caller, access.Organization, team_slug, login, "member", cancellationToken);
        return Done(access, team.Slug, StatusCodes.Status201Created);
    }

    private static async Task<IResult> RemoveAsync(
        string team_slug, HttpRequest request, ApiCaller caller, OrganizationAccess access, ChangeTeams teams,
        CancellationToken cancellationToken)
    {
        var login = (await NpmBody.ReadAsync(request, cancellationToken)).NeedsUser();
        if (ApiAdmission.OwnerOrSelf(caller.Principal, access, login) is { } refused)
        {
            return refused;
        }

        await teams.RemoveMemberAsync(caller, access.Organization, team_slug, login, cancellationToken);
        return Done(access, team_slug);
    }

    private static IResult List(IReadOnlyList<string> names) => Results.Json(names, NpmJson.Default.IReadOnlyListString);

    private static IResult Done(OrganizationAccess access, string slug, int status = StatusCodes.Status200OK) =>
        Results.Json(new NpmDone(true, $"{access.Organization.Login}:{slug}"), NpmJson.Default.NpmDone, statusCode: status);
}
