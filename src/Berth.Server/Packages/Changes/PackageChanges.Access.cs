using Berth.Server.Access;

namespace Berth.Server.Packages.Changes;

/// <content>Grants to people and teams, and the lists of repositories whose workflows and codespaces have access.</content>
internal sealed partial class PackageChanges
{
    public async Task SetUserAsync(long packageId, long userId, string login, Role role)
    {
        var old = await session.FirstOrDefaultAsync<string>(
            "select role from package_users where package_id = @packageId and user_id = @userId", new { packageId, userId });
        await session.ExecuteAsync(
            """
            insert into package_users (package_id, user_id, role) values (@packageId, @userId, @role)
            on conflict (package_id, user_id) do update set role = @role
            """,
            new { packageId, userId, role = role.Name() });
        await RecordRoleAsync(packageId, PackageEventKind.GrantChanged, "user:" + login, old, role.Name());
    }

    /// <summary>False when there was no such grant.</summary>
    public async Task<bool> RemoveUserAsync(long packageId, long userId, string login)
    {
        var old = await session.FirstOrDefaultAsync<string>(
            "delete from package_users where package_id = @packageId and user_id = @userId returning role", new { packageId, userId });
        await RecordRoleAsync(packageId, PackageEventKind.GrantChanged, "user:" + login, old, null);
        return old is not null;
    }

    public async Task SetTeamAsync(long packageId, long teamId, string slug, Role role)
    {
        var old = await session.FirstOrDefaultAsync<string>(
            "select role from package_teams where package_id = @packageId and team_id = @teamId", new { packageId, teamId });
        await session.ExecuteAsync(
            """
            insert into package_teams (package_id, team_id, role) values (@packageId, @teamId, @role)
            on conflict (package_id, team_id) do update set role = @role
            """,
            new { packageId, teamId, role = role.Name() });
        await RecordRoleAsync(packageId, PackageEventKind.GrantChanged, "team:" + slug, old, role.Name());
    }

    /// <summary>False when there was no such grant.</summary>
    public async Task<bool> RemoveTeamAsync(long packageId, long teamId, string slug)
    {
        var old = await session.FirstOrDefaultAsync<string>(
            "delete from package_teams where package_id = @packageId and team_id = @teamId returning role", new { packageId, teamId });
        await RecordRoleAsync(packageId, PackageEventKind.GrantChanged, "team:" + slug, old, null);
        return old is not null;
    }

    public async Task SetActionsAsync(long packageId, long repositoryId, string repository, Role role)
    {
        var old = await session.FirstOrDefaultAsync<string>(
            "select role from package_actions where package_id = @packageId and repository_id = @repositoryId",
            new { packageId, repositoryId });
        await session.ExecuteAsync(
            """
            insert into package_actions (package_id, repository_id, role) values (@packageId, @repositoryId, @role)
            on conflict (package_id, repository_id) do update set role = @role
            """,
            new { packageId, repositoryId, role = role.Name() });
        await RecordRoleAsync(packageId, PackageEventKind.ActionsChanged, "repository:" + repository, old, role.Name());
    }

    /// <summary>False when it was not on the list.</summary>
    public async Task<bool> RemoveActionsAsync(long packageId, long repositoryId, string repository)
    {
        var old = await session.FirstOrDefaultAsync<string>(
            "delete from package_actions where package_id = @packageId and repository_id = @repositoryId returning role",
            new { packageId, repositoryId });
        await RecordRoleAsync(packageId, PackageEventKind.ActionsChanged, "repository:" + repository, old, null);
        return old is not null;
    }

    public async Task SetCodespacesAsync(long packageId, long repositoryId, string repository)
    {
        var added = await session.ExecuteAsync(
            """
            insert into package_codespaces (package_id, repository_id) values (@packageId, @repositoryId)
            on conflict (package_id, repository_id) do nothing
            """,
            new { packageId, repositoryId });
        await RecordRoleAsync(packageId, PackageEventKind.CodespacesChanged, "repository:" + repository, added > 0 ? null : "read", "read");
    }

    /// <summary>False when it was not on the list.</summary>
    public async Task<bool> RemoveCodespacesAsync(long packageId, long repositoryId, string repository)
    {
        var removed = await session.ExecuteAsync(
            "delete from package_codespaces where package_id = @packageId and repository_id = @repositoryId",
            new { packageId, repositoryId });
        await RecordRoleAsync(packageId, PackageEventKind.CodespacesChanged, "repository:" + repository, removed > 0 ? "read" : null, null);
        return removed > 0;
    }

    /// <summary>Removes the grants to people and teams, since inheritance replaces them. The lists stay.</summary>
    public async Task RemoveGrantsAsync(long packageId)
    {
        foreach (var grant in await GrantsAsync(packageId))
        {
            await (grant.IsTeam ? RemoveTeamAsync(packageId, grant.Id, grant.Name) : RemoveUserAsync(packageId, grant.Id, grant.Name));
        }
    }

    /// <summary>
    /// Makes explicit what inheritance gave: the roles of collaborators, of teams and of members by the base permission. The repository
    /// goes on both lists, with write for its workflows. Nobody ends up with less than they were granted before.
    /// </summary>
    public async Task CopyNamedRolesAsync(long packageId, RepositoryFacts repository)
    {
        var inherited = await session.QueryAsync<Grant>(
            """
            select c.user_id as id, a.login as name, c.role, @no as is_team from collaborators c join accounts a on a.id = c.user_id
            where c.repository_id = @repositoryId
            union all
            select m.user_id, a.login, o.base_permission, @no from memberships m
            join organizations o on o.account_id = m.organization_id join accounts a on a.id = m.user_id
            where m.organization_id = @ownerId and m.role <> 'admin' and o.base_permission <> 'none'
            union all
            select tr.team_id, t.slug, tr.role, @yes from team_repositories tr join teams t on t.id = tr.team_id
            where tr.repository_id = @repositoryId and t.organization_id = @ownerId
            """,
            new { repositoryId = repository.Id, ownerId = repository.OwnerId, no = false, yes = true });
        foreach (var held in inherited.Concat(await GrantsAsync(packageId)).GroupBy(grant => (grant.IsTeam, grant.Id, grant.Name)))
        {
            var role = held.Max(grant => RoleNames.OfRepository(grant.Role));
            await (held.Key.IsTeam
                ? SetTeamAsync(packageId, held.Key.Id, held.Key.Name, role)
                : SetUserAsync(packageId, held.Key.Id, held.Key.Name, role));
        }

        var listed = await session.FirstOrDefaultAsync<string>(
            "select role from package_actions where package_id = @packageId and repository_id = @repositoryId",
            new { packageId, repositoryId = repository.Id });
        if (listed is null or "read")
        {
            await SetActionsAsync(packageId, repository.Id, repository.FullName, Role.Write);
        }

        await SetCodespacesAsync(packageId, repository.Id, repository.FullName);
    }

    private Task<List<Grant>> GrantsAsync(long packageId) => session.QueryAsync<Grant>(
        """
        select g.user_id as id, a.login as name, g.role, @no as is_team from package_users g join accounts a on a.id = g.user_id
        where g.package_id = @packageId
        union all
        select g.team_id, t.slug, g.role, @yes from package_teams g join teams t on t.id = g.team_id
        where g.package_id = @packageId
        """,
        new { packageId, no = false, yes = true });

    private Task RecordRoleAsync(long packageId, PackageEventKind kind, string subject, string? old, string? role) =>
        old == role ? Task.CompletedTask : RecordAsync(packageId, new(kind) { Subject = subject, Old = old, New = role });

    private sealed record Grant
    {
        public long Id { get; init; }

        public string Name { get; init; } = "";

        public string Role { get; init; } = "";

        public bool IsTeam { get; init; }
    }
}
