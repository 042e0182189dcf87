using Berth.Client.Wire;
using Berth.Server.Access;
using Berth.Server.Api;
using Berth.Server.Api.Bodies;
using Berth.Server.Api.Description;
using Berth.Server.Audit;
using Berth.Server.Database;
using Berth.Server.Repositories;

namespace Berth.Server.Organizations;

/// <summary>The routes for teams, their members and their roles on repositories.</summary>
internal static class TeamEndpoints
{
    private const string Resource = ChangeTeams.Resource;

    public static void MapTeams(this IEndpointRouteBuilder api)
    {
        api.MapRead("/orgs/{org}/teams", ListAsync).Requires(ApiNeed.OrganizationMember, "read:org")
            .Does("List the teams of an organization").Gives<List<Team>>();
        api.MapPost("/orgs/{org}/teams", CreateAsync).Requires(ApiNeed.OrganizationOwner, "admin:org")
            .Does("Make a team").Takes<TeamChange>("name").Creates<Team>();
        api.MapRead("/repos/{owner}/{repo}/teams", TeamLists.OfRepositoryAsync).Requires(ApiNeed.RepositoryWriter, "repo")
            .Does("List the teams with a role on a repository").Gives<List<Team>>();
        api.MapRead("/user/teams", TeamLists.OwnAsync).Requires(ApiNeed.User, "read:org", "repo")
            .Does("List one's teams").Gives<List<Team>>();
        api.MapTeam("/orgs/{org}/teams/{team_slug}");
        api.MapGroup("").WithMetadata(new ByIds()).MapTeam("/organizations/{org}/team/{team_slug}");
    }

    private static void MapTeam(this IEndpointRouteBuilder api, string team)
    {
        api.MapRead(team, GetAsync).Requires(ApiNeed.OrganizationMember, "read:org")
            .Does("Get a team").Gives<Team>();
        api.MapPatch(team, ChangeAsync).Requires(ApiNeed.OrganizationOwner, "admin:org")
            .Does("Change a team").Takes<TeamChange>().Gives<Team>();
        api.MapDelete(team, DeleteAsync).Requires(ApiNeed.OrganizationOwner, "admin:org")
            .Does("Delete a team").GivesNothing();
        api.MapRead(team + "/members", MembersAsync).Requires(ApiNeed.OrganizationMember, "read:org")
            .Does("List the members of a team").Gives<List<Account>>();
        api.MapRead(team + "/invitations", TeamLists.Invitations).Requires(ApiNeed.OrganizationMember, "read:org")
            .Does("List invitations to a team: there are none").Gives<List<Account>>();
        api.MapRead(team + "/teams", TeamLists.Children).Requires(ApiNeed.OrganizationMember, "read:org")
            .Does("List the teams below a team: there are none").Gives<List<Team>>();
        api.MapRead(team + "/memberships/{username}", MemberAsync).Requires(ApiNeed.OrganizationMember, "read:org")
            .Does("Get somebody's membership of a team").Gives<TeamMembership>();
        api.MapPut(team + "/memberships/{username}", SetMemberAsync).Requires(ApiNeed.OrganizationOwner, "admin:org")
            .Does("Put somebody into a team").Takes<TeamMembershipChange>().Gives<TeamMembership>();
        api.MapDelete(team + "/memberships/{username}", RemoveMemberAsync).Requires(ApiNeed.OrganizationOwnerOrSelf, "admin:org")
            .Does("Take somebody out of a team").GivesNothing();
        api.MapRead(team + "/repos", RepositoriesAsync).Requires(ApiNeed.OrganizationMember, "read:org")
            .Does("List the repositories of a team").Gives<List<Repository>>();
        api.MapRead(team + "/repos/{owner}/{repo}", TeamLists.RepositoryAsync).Requires(ApiNeed.OrganizationMember, "read:org")
            .Does("Ask whether a team has a role on a repository").Gives<Repository>().GivesNothing();
        api.MapPut(team + "/repos/{owner}/{repo}", SetRepositoryAsync).Requires(ApiNeed.OrganizationOwner, "admin:org")
            .Does("Give a team a role on a repository").Takes<PermissionChange>().GivesNothing();
        api.MapDelete(team + "/repos/{owner}/{repo}", RemoveRepositoryAsync).Requires(ApiNeed.OrganizationOwner, "admin:org")
            .Does("Take a team's role on a repository").GivesNothing();
    }

    private static async Task<IResult> ListAsync(
        HttpContext http, OrganizationAccess access, Paging paging, Db db, ApiUrls urls, CancellationToken cancellationToken)
    {
        var page = await db.ReadAsync(session => TeamTable.ListAsync(session, access.Organization.Id, paging), cancellationToken);
        return ApiResult.Page(http, paging, page.Select(row => row.ToWire(access.Organization.Login, urls)));
    }

    private static async Task<IResult> CreateAsync(
        HttpRequest request, ApiCaller caller, OrganizationAccess access, ChangeTeams teams, ApiUrls urls,
        CancellationToken cancellationToken)
    {
        var wanted = await RequestBody.ReadAsync<TeamChange>(
            request,
            Resource,
            (team, faults) =>
            {
                faults.Require("name", team.Name);
                CheckName(team, faults);
            },
            cancellationToken);
        var made = await teams.CreateAsync(caller, access.Organization, wanted.Name!, wanted.Description.Value, cancellationToken);
        return ApiResult.Created(made.ToWire(access.Organization.Login, urls));
    }

    private static void CheckName(TeamChange team, BodyFaults faults)
    {
        if (team.Name is { } name && !faults.Has("name") && ChangeTeams.NameFault(name) is { } fault)
        {
            faults.Add("name", fault);
        }
    }

    private static async Task<IResult> GetAsync(
        string team_slug, ApiCaller caller, OrganizationAccess access, Db db, ApiUrls urls, CancellationToken cancellationToken) =>
        await db.ReadAsync(session => TeamTable.FindAsync(session, access.Organization.Id, team_slug), cancellationToken) is { } team
            ? ApiResult.Ok(team.ToWire(access.Organization.Login, urls))
            : ApiErrors.Hidden(caller.Principal);

    private static async Task<IResult> ChangeAsync(
        string team_slug, HttpRequest request, ApiCaller caller, OrganizationAccess access, ChangeTeams teams, ApiUrls urls,
        CancellationToken cancellationToken)
    {
        var wanted = await RequestBody.ReadAsync<TeamChange>(request, Resource, CheckName, cancellationToken);
        var name = wanted.Name?.Trim();
        var slug = name is null ? null : ChangeTeams.Slug(name);
        var organization = access.Organization;
        return await teams.OnTeamAsync(organization, team_slug, async (session, team) =>
        {
            if (slug is not null && await TeamTable.FindAsync(session, organization.Id, slug) is { } other && other.Id != team.Id)
            {
                return (IResult)ApiErrors.Exists(Resource, "name", $"there is a team {slug} already");
            }

            await TeamTable.ChangeAsync(session, team.Id, slug, name, wanted.Description.IsNamed, wanted.Description.Value);
            await teams.RecordAsync(
                session, caller, organization, slug is null || slug == team.Slug ? "team.update" : "team.rename",
                AuditEntry.Team(slug ?? team.Slug), old: team.Slug, now: slug);
            return ApiResult.Ok((await TeamTable.FindAsync(session, organization.Id, slug ?? team.Slug))!.ToWire(organization.Login, urls));
        }, cancellationToken);
    }

    private static async Task<IResult> DeleteAsync(
        string team_slug, ApiCaller caller, OrganizationAccess access, ChangeTeams teams, CancellationToken cancellationToken)
    {
        await teams.DeleteAsync(caller, access.Organization, team_slug, cancellationToken);
        return ApiResult.NoContent();
    }

    private static async Task<IResult> MembersAsync(
        string team_slug, HttpContext http, ApiCaller caller, OrganizationAccess access, Paging paging, Db db, ApiUrls urls,
        CancellationToken cancellationToken)
    {
        var page = await db.ReadAsync(
            async session => await TeamTable.FindAsync(session, access.Organization.Id, team_slug) is { } team
                ? await TeamTable.MembersAsync(session, team.Id, paging)
                : null,
            cancellationToken);
        return page is null ? ApiErrors.Hidden(caller.Principal) : ApiResult.Page(http, paging, page.Select(row => row.ToWire(urls)));
    }

    private static async Task<IResult> MemberAsync(
        string team_slug, string username, ApiCaller caller, OrganizationAccess access, Db db, ApiUrls urls,
        CancellationToken cancellationToken)
    {
        var found = await db.ReadAsync(
            async session => await TeamTable.FindAsync(session, access.Organization.Id, team_slug) is { } team
                ? (team, await TeamTable.MemberAsync(session, team.Id, username))
                : default,
            cancellationToken);
        return found is ({ } row, { } member) ? ApiResult.Ok(MembershipOf(row, member, access, urls)) : ApiErrors.Hidden(caller.Principal);
    }

    private static TeamMembership MembershipOf(TeamRow team, MemberRow member, OrganizationAccess access, ApiUrls urls) => new()
    {
        Url = $"{urls.Team(access.Organization.Login, team.Slug)}/memberships/{member.Login}",
        Role = member.Role,
    };

    private static async Task<IResult> SetMemberAsync(
        string team_slug, string username, HttpRequest request, ApiCaller caller, OrganizationAccess access, ChangeTeams teams,
        ApiUrls urls, CancellationToken cancellationToken)
    {
        var role = (await RequestBody.ReadAsync<TeamMembershipChange>(request, Resource, cancellationToken)).Role ?? "member";
        var (team, member) = await teams.SetMemberAsync(caller, access.Organization, team_slug, username, role, cancellationToken);
        return ApiResult.Ok(MembershipOf(team, member, access, urls));
    }

    private static async Task<IResult> RemoveMemberAsync(
        string team_slug, string username, ApiCaller caller, OrganizationAccess access, ChangeTeams teams,
        CancellationToken cancellationToken)
    {
        await teams.RemoveMemberAsync(caller, access.Organization, team_slug, username, cancellationToken);
        return ApiResult.NoContent();
    }

    private static async Task<IResult> RepositoriesAsync(
        string team_slug, HttpContext http, ApiCaller caller, OrganizationAccess access, Paging paging, Db db, ApiUrls urls,
        CancellationToken cancellationToken)
    {
        var page = await db.ReadAsync(
            async session =>
            {
                if (await TeamTable.FindAsync(session, access.Organization.Id, team_slug) is not { } team)
                {
                    return null;
                }

                var entries = await TeamTable.RepositoriesAsync(session, team.Id);
                var on = await AccessDecisions.RepositoriesAsync(session, caller.User.UserId, entries.Select(entry => entry.RepositoryId));
                var page = paging.Of(entries.FindAll(entry => AccessRules.MayRead(on[entry.RepositoryId].Standing)));
                var rows = await RepositoryTable.FindAsync(session, page.Items.Select(entry => entry.RepositoryId));
                return page.Select(
                    entry => rows[entry.RepositoryId].ToWire(urls, on[entry.RepositoryId].Standing) with { RoleName = entry.Role });
            },
            cancellationToken);
        return page is null ? ApiErrors.Hidden(caller.Principal) : ApiResult.Page(http, paging, page);
    }

    private static async Task<IResult> SetRepositoryAsync(
        string team_slug, string owner, string repo, HttpRequest request, ApiCaller caller, OrganizationAccess access, ChangeTeams teams,
        AuditLog audit, CancellationToken cancellationToken)
    {
        var role = RepositoryRole.Of(await RequestBody.ReadAsync<PermissionChange>(request, Resource, cancellationToken)) ?? "read";
        return await teams.OnTeamAsync(access.Organization, team_slug, async (session, team) =>
        {
            if (await RepositoryOfAsync(session, access, owner, repo) is not { } repository)
            {
                return (IResult)ApiErrors.Unprocessable(
                    Resource, "repository",
                    $"{access.Organization.Login} has no repository {repo}; teams work on their organization's own");
            }

            await RepositoryTable.SetTeamAsync(session, repository.Id, team.Id, role);
            await audit.RecordAsync(
                session, caller.Actor,
                AuditEntry.On(repository, "team.add_repository", AuditEntry.Team(team.Slug)) with { New = role });
            return ApiResult.NoContent();
        }, cancellationToken);
    }

    private static Task<IResult> RemoveRepositoryAsync(
        string team_slug, string owner, string repo, ApiCaller caller, OrganizationAccess access, ChangeTeams teams, AuditLog audit,
        CancellationToken cancellationToken) =>
        teams.OnTeamAsync(access.Organization, team_slug, async (session, team) =>
        {
            if (await RepositoryOfAsync(session, access, owner, repo) is not { } repository
                || await RepositoryTable.RemoveTeamAsync(session, repository.Id, team.Id) == 0)
            {
                return (IResult)ApiErrors.Hidden(caller.Principal);
            }

            await audit.RecordAsync(
                session, caller.Actor, AuditEntry.On(repository, "team.remove_repository", AuditEntry.Team(team.Slug)));
            return ApiResult.NoContent();
        }, cancellationToken);

    private static async Task<RepositoryFacts?> RepositoryOfAsync(
        DbSession session, OrganizationAccess access, string owner, string repo) =>
        owner.Equals(access.Organization.Login, StringComparison.OrdinalIgnoreCase)
            ? (await AccessDecisions.RepositoryAsync(session, null, owner, repo))?.Repository
            : null;
}
