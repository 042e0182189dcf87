using Berth.Server.Database;

namespace Berth.Server.Access;

/// <summary>Reads the facts that access depends on. The tables belong to their features; here they are only joined.</summary>
internal static class AccessTable
{
    private const string RepositoryColumns = """
        r.id, r.owner_id, a.login as owner_login, (a.kind = 'organization') as owner_is_organization, r.name, r.visibility
        """;

    public static Task<OwnerFacts?> OwnerAsync(DbSession session, string login) => session.FirstOrDefaultAsync<OwnerFacts>(
        """
        select a.id, a.login, (a.kind = 'organization') as is_organization,
               coalesce(o.members_can_create_repositories, false) as members_can_create_repositories,
               coalesce(o.members_can_create_public_packages, false) as members_can_create_public_packages,
               coalesce(o.members_can_create_internal_packages, false) as members_can_create_internal_packages,
               coalesce(o.members_can_create_private_packages, false) as members_can_create_private_packages,
               coalesce(o.workflows_can_create_packages, true) as workflows_can_create_packages,
               coalesce(o.public_packages_allowed, true) as public_packages_allowed,
               coalesce(o.internal_packages_allowed, true) as internal_packages_allowed,
               coalesce(o.inherit_access_on_link, false) as inherit_access_on_link,
               coalesce(o.first_publish_visibility, 'repository') as first_publish_visibility
        from accounts a left join organizations o on o.account_id = a.id
        where a.folded = @folded
        """,
        new { folded = login.ToLowerInvariant() });

    public static Task<PackageRow?> PackageAsync(DbSession session, long ownerId, PackageAddress address) => session.FirstOrDefaultAsync<PackageRow>(
        """
        select id, visibility, repository_id, inherits_access from packages
        where owner_id = @ownerId and type = @type and name = @name and state = 'live'
        """,
        new { ownerId, type = address.Type, name = address.Name });

    public static Task<RepositoryFacts?> RepositoryAsync(DbSession session, long id) => session.FirstOrDefaultAsync<RepositoryFacts>(
        $"select {RepositoryColumns} from repositories r join accounts a on a.id = r.owner_id where r.id = @id", new { id });

    public static Task<RepositoryFacts?> RepositoryAsync(DbSession session, long ownerId, string name) => session.FirstOrDefaultAsync<RepositoryFacts>(
        $"select {RepositoryColumns} from repositories r join accounts a on a.id = r.owner_id where r.owner_id = @ownerId and r.folded = @folded",
        new { ownerId, folded = name.ToLowerInvariant() });

    /// <summary><c>admin</c> (an owner), <c>member</c>, or null.</summary>
    public static Task<string?> MembershipAsync(DbSession session, long organizationId, long userId) => session.FirstOrDefaultAsync<string>(
        "select role from memberships where organization_id = @organizationId and user_id = @userId", new { organizationId, userId });

    public static Task<List<RoleSource>> GrantsAsync(DbSession session, long packageId, long userId) => session.QueryAsync<RoleSource>(
        """
        select a.login as source, p.role from package_users p join accounts a on a.id = p.user_id
        where p.package_id = @packageId and p.user_id = @userId
        union all
        select 'team ' || t.slug, p.role from package_teams p join teams t on t.id = p.team_id join team_members m on m.team_id = t.id
        where p.package_id = @packageId and m.user_id = @userId
        """,
        new { packageId, userId });

    public static Task<string?> ActionsRoleAsync(DbSession session, long packageId, long repositoryId) => session.FirstOrDefaultAsync<string>(
        "select role from package_actions where package_id = @packageId and repository_id = @repositoryId", new { packageId, repositoryId });

    public static async Task<bool> OnCodespacesListAsync(DbSession session, long packageId, long repositoryId) => await session.SingleAsync<long>(
        "select count(*) from package_codespaces where package_id = @packageId and repository_id = @repositoryId", new { packageId, repositoryId }) > 0;

    /// <summary>Whether a codespace's configuration asks for packages of another repository.</summary>
    public static async Task<bool> AsksAsync(DbSession session, long codespaceId, long targetId) => await session.SingleAsync<long>(
        "select count(*) from codespace_targets where codespace_id = @codespaceId and target_id = @targetId", new { codespaceId, targetId }) > 0;

    /// <summary>Whether a user lets codespaces of a repository read packages of another.</summary>
    public static async Task<bool> PermitsAsync(DbSession session, long userId, long repositoryId, long targetId) => await session.SingleAsync<long>(
        "select count(*) from codespace_permissions where user_id = @userId and repository_id = @repositoryId and target_id = @targetId",
        new { userId, repositoryId, targetId }) > 0;

    /// <summary>Roles held by name, with where they come from; and reading by visibility.</summary>
    public static async Task<RepositoryStanding> StandingAsync(DbSession session, RepositoryFacts repository, long userId)
    {
        var named = await session.QueryAsync<RoleSource>(
            """
            select 'owner' as source, 'admin' as role from repositories where id = @repositoryId and owner_id = @userId
            union all
            select 'organization owner', 'admin' from memberships
            where organization_id = @ownerId and user_id = @userId and role = 'admin'
            union all
            select 'base permission', o.base_permission from memberships m join organizations o on o.account_id = m.organization_id
            where m.organization_id = @ownerId and m.user_id = @userId and o.base_permission <> 'none'
            union all
            select 'collaborator', role from collaborators where repository_id = @repositoryId and user_id = @userId
            union all
            select 'team ' || t.slug, tr.role from team_repositories tr
            join teams t on t.id = tr.team_id join team_members m on m.team_id = t.id
            where tr.repository_id = @repositoryId and m.user_id = @userId
            """,
            new { repositoryId = repository.Id, ownerId = repository.OwnerId, userId });
        var byVisibility = repository.Openness == Visibility.Public
            || (repository.Openness == Visibility.Internal && await MembershipAsync(session, repository.OwnerId, userId) is not null);
        return new RepositoryStanding(named, byVisibility || named.Count > 0);
    }
}

/// <summary>What the packages table says about access.</summary>
internal sealed record PackageRow
{
    public long Id { get; init; }

    public string Visibility { get; init; } = "private";

    public long? RepositoryId { get; init; }

    public bool InheritsAccess { get; init; }
}
