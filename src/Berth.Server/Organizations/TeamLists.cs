using Berth.Client.Wire;
using Berth.Server.Access;
using Berth.Server.Api;
using Berth.Server.Database;
using Berth.Server.Repositories;

namespace Berth.Server.Organizations;

/// <summary>The lists that tools with an organization's configuration in files read before and after they change its teams.</summary>
internal static class TeamLists
{
    /// <summary>A client that accepts this type gets the repository. Others only get 204 if the team has it.</summary>
    private const string AsRepository = "application/vnd.github.v3.repository+json";

    /// <summary>There are no invitations, since a person who is added is a member at once.</summary>
    public static IResult Invitations() => ApiResult.Ok(new List<Account>());

    /// <summary>Teams contain no other teams.</summary>
    public static IResult Children() => ApiResult.Ok(new List<Team>());

    /// <summary>The teams of the caller, in all organizations.</summary>
    public static async Task<IResult> OwnAsync(
        HttpContext http, ApiCaller caller, Paging paging, Db db, ApiUrls urls, CancellationToken cancellationToken)
    {
        var page = await db.ReadAsync(session => TeamTable.OfUserAsync(session, caller.User.UserId, paging), cancellationToken);
        return ApiResult.Page(http, paging, page.Select(row => row.ToWire(row.Organization, urls)));
    }

    /// <summary>The teams with a role on a repository.</summary>
    public static async Task<IResult> OfRepositoryAsync(
        HttpContext http, RepositoryAccess access, Paging paging, Db db, ApiUrls urls, CancellationToken cancellationToken)
    {
        var page = await db.ReadAsync(session => TeamTable.OnRepositoryAsync(session, access.Repository.Id, paging), cancellationToken);
        return ApiResult.Page(
            http, paging,
            page.Select(row => row.ToWire(row.Organization, urls) with
            {
                Permission = row.Role,
                Permissions = RepositoryRole.Permissions(row.Role, canRead: true),
            }));
    }

    public static async Task<IResult> RepositoryAsync(
        string team_slug, string owner, string repo, HttpRequest request, ApiCaller caller, OrganizationAccess access, Db db, ApiUrls urls,
        CancellationToken cancellationToken)
    {
        var found = await db.ReadAsync(
            async session =>
                await TeamTable.FindAsync(session, access.Organization.Id, team_slug) is { } team
                && await AccessDecisions.RepositoryAsync(session, caller.User.UserId, owner, repo) is { } on
                && AccessRules.MayRead(on.Standing)
                && await TeamTable.RepositoryRoleAsync(session, team.Id, on.Repository.Id) is { } role
                && await RepositoryTable.FindAsync(session, on.Repository.Id) is { } row
                    ? row.ToWire(urls, on.Standing) with { RoleName = role, Permissions = RepositoryRole.Permissions(role, canRead: true) }
                    : null,
            cancellationToken);
        if (found is null)
        {
            return ApiErrors.Hidden(caller.Principal);
        }

        return request.Headers.Accept.ToString().Contains(AsRepository, StringComparison.OrdinalIgnoreCase)
            ? ApiResult.Ok(found)
            : ApiResult.NoContent();
    }
}
