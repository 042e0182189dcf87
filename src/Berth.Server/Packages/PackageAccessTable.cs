using Berth.Server.Access;
using Berth.Server.Database;

namespace Berth.Server.Packages;

/// <summary>Somebody or something with a role, as a list shows it.</summary>
internal sealed record AccessRow
{
    public string Name { get; init; } = "";

    public string Role { get; init; } = "";

    public string Source { get; init; } = "";
}

/// <summary>All SQL about grants and about the Actions and Codespaces lists.</summary>
internal static class PackageAccessTable
{
    public static Task SetUserAsync(DbSession session, long packageId, long userId, string role) => session.ExecuteAsync(
        """
        insert into package_users (package_id, user_id, role) values (@packageId, @userId, @role)
        on conflict (package_id, user_id) do update set role = @role
        """,
        new { packageId, userId, role });

    public static Task<int> RemoveUserAsync(DbSession session, long packageId, long userId) => session.ExecuteAsync(
        "delete from package_users where package_id = @packageId and user_id = @userId", new { packageId, userId });

    public static Task SetTeamAsync(DbSession session, long packageId, long teamId, string role) => session.ExecuteAsync(
        """
        insert into package_teams (package_id, team_id, role) values (@packageId, @teamId, @role)
        on conflict (package_id, team_id) do update set role = @role
        """,
        new { packageId, teamId, role });

    public static Task<int> RemoveTeamAsync(DbSession session, long packageId, long teamId) => session.ExecuteAsync(
        "delete from package_teams where package_id = @packageId and team_id = @teamId", new { packageId, teamId });

    public static Task SetActionsAsync(DbSession session, long packageId, long repositoryId, string role) => session.ExecuteAsync(
        """
        insert into package_actions (package_id, repository_id, role) values (@packageId, @repositoryId, @role)
        on conflict (package_id, repository_id) do update set role = @role
        """,
        new { packageId, repositoryId, role });

    public static Task<int> RemoveActionsAsync(DbSession session, long packageId, long repositoryId) => session.ExecuteAsync(
        "delete from package_actions where package_id = @packageId and repository_id = @repositoryId", new { packageId, repositoryId });

    public static Task SetCodespacesAsync(DbSession session, long packageId, long repositoryId) => session.ExecuteAsync(
        """
        insert into package_codespaces (package_id, repository_id) values (@packageId, @repositoryId)
        on conflict (package_id, repository_id) do nothing
        """,
        new { packageId, repositoryId });

    public static Task<int> RemoveCodespacesAsync(DbSession session, long packageId, long repositoryId) => session.ExecuteAsync(
        "delete from package_codespaces where package_id = @packageId and repository_id = @repositoryId", new { packageId, repositoryId });

    /// <summary>Switching inheritance on replaces grants to people and teams; the lists stay.</summary>
    public static async Task RemoveGrantsAsync(DbSession session, long packageId)
    {
        await session.ExecuteAsync("delete from package_users where package_id = @packageId", new { packageId });
        await session.ExecuteAsync("delete from package_teams where package_id = @packageId", new { packageId });
    }

    /// <summary>
    /// What inheritance gave becomes explicit: collaborators, teams, members by the base permission; and the repository goes on both lists, with
    /// write for its workflows. Nobody ends up with less than they were granted before.
    /// </summary>
    public static async Task CopyNamedRolesAsync(DbSession session, long packageId, RepositoryFacts repository)
    {
        var parameters = new { packageId, repositoryId = repository.Id, ownerId = repository.OwnerId };
        var people = await session.QueryAsync<HeldRole>(
            """
            select user_id as id, role from package_users where package_id = @packageId
            union all
            select user_id, role from collaborators where repository_id = @repositoryId
            union all
            select m.user_id, o.base_permission from memberships m join organizations o on o.account_id = m.organization_id
            where m.organization_id = @ownerId and m.role <> 'admin' and o.base_permission <> 'none'
            """,
            parameters);
        foreach (var (id, role) in Highest(people))
        {
            await SetUserAsync(session, packageId, id, role);
        }

        var teams = await session.QueryAsync<HeldRole>(
            """
            select team_id as id, role from package_teams where package_id = @packageId
            union all
            select tr.team_id, tr.role from team_repositories tr join teams t on t.id = tr.team_id
            where tr.repository_id = @repositoryId and t.organization_id = @ownerId
            """,
            parameters);
        foreach (var (id, role) in Highest(teams))
        {
            await SetTeamAsync(session, packageId, id, role);
        }

        await session.ExecuteAsync(
            """
            insert into package_actions (package_id, repository_id, role) values (@packageId, @repositoryId, 'write')
            on conflict (package_id, repository_id) do update set role = 'write' where package_actions.role = 'read'
            """,
            parameters);
        await SetCodespacesAsync(session, packageId, repository.Id);
    }

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

    /// <summary>Named roles on a repository, with the words of where each comes from.</summary>
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

    /// <summary>The highest role of each, as a role on packages.</summary>
    private static IEnumerable<(long Id, string Role)> Highest(IEnumerable<HeldRole> held) =>
        held.GroupBy(h => h.Id).Select(group => (group.Key, group.Max(h => RoleNames.OfRepository(h.Role)).Name()));

    private sealed record HeldRole
    {
        public long Id { get; init; }

        public string Role { get; init; } = "";
    }
}
