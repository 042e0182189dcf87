using Berth.Server.Access;
using Berth.Server.Database;

namespace Berth.Server.Packages;

/// <summary>A person, team or repository with a role, as a list shows it.</summary>
internal sealed record AccessRow
{
    public string Name { get; init; } = "";

    public string Role { get; init; } = "";

    public string Source { get; init; } = "";
}

/// <summary>Reads grants and the Actions and Codespaces lists. <see cref="Changes.PackageChanges"/> writes them.</summary>
internal static class PackageAccessTable
{
    public static Task<List<AccessRow>> UsersAsync(DbSession session, long packageId) => session.QueryAsync<AccessRow>(
        """
        select a.login as name, g.role, 'granted' as source from package_users g join accounts a on a.id = g.user_id
        where g.package_id = @packageId order by a.folded
        """,
        new { packageId });

    public static Task<List<AccessRow>> TeamsAsync(DbSession session, long packageId) => session.QueryAsync<AccessRow>(
        """
        select t.slug as name, g.role, 'granted' as source from package_teams g join teams t on t.id = g.team_id
        where g.package_id = @packageId order by t.slug
        """,
        new { packageId });

    /// <summary>
    /// The packages of its organization that a team has a role on, by a grant or by the repository whose access the package inherits.
    /// </summary>
    public static Task<List<AccessRow>> OfTeamAsync(DbSession session, long teamId, string type) => session.QueryAsync<AccessRow>(
        """
        select p.name, g.role, 'granted' as source from package_teams g join packages p on p.id = g.package_id
        where g.team_id = @teamId and p.type = @type and p.state = 'live' and p.inherits_access = @no
        union all
        select p.name, r.role, 'inherited' as source from team_repositories r join packages p on p.repository_id = r.repository_id
        where r.team_id = @teamId and p.type = @type and p.state = 'live' and p.inherits_access = @yes
        order by 1
        """,
        new { teamId, type, no = false, yes = true });

    public static Task<List<AccessRow>> ActionsAsync(DbSession session, long packageId) => session.QueryAsync<AccessRow>(
        """
        select a.login || '/' || r.name as name, l.role, 'Actions list' as source from package_actions l
        join repositories r on r.id = l.repository_id join accounts a on a.id = r.owner_id
        where l.package_id = @packageId order by a.folded, r.folded
        """,
        new { packageId });

    public static Task<List<AccessRow>> CodespacesAsync(DbSession session, long packageId) => session.QueryAsync<AccessRow>(
        """
        select a.login || '/' || r.name as name, 'read' as role, 'Codespaces list' as source from package_codespaces l
        join repositories r on r.id = l.repository_id join accounts a on a.id = r.owner_id
        where l.package_id = @packageId order by a.folded, r.folded
        """,
        new { packageId });

    /// <summary>The named roles on a repository, with words that say where each comes from.</summary>
    public static Task<List<AccessRow>> NamedRolesAsync(DbSession session, RepositoryFacts repository) => session.QueryAsync<AccessRow>(
        """
        select a.login as name, c.role, 'collaborator' as source from collaborators c join accounts a on a.id = c.user_id
        where c.repository_id = @repositoryId
        union all
        select t.slug, tr.role, 'team' from team_repositories tr join teams t on t.id = tr.team_id where tr.repository_id = @repositoryId
        union all
        select 'members of ' || a.login, o.base_permission, 'base permission' from organizations o join accounts a on a.id = o.account_id
        where o.account_id = @ownerId and o.base_permission <> 'none'
        order by 3, 1
        """,
        new { repositoryId = repository.Id, ownerId = repository.OwnerId });
}
