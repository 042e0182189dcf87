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

    /// <summary>
    /// The roles that people hold by name on repositories, with the words of where each comes from. Goes behind a common table expression
    /// <c>pairs (user_id, repository_id)</c>. The only text that says what gives a role.
    /// </summary>
    private const string NamedRoles = """
        roles as (
            select p.user_id, p.repository_id, 1 as place, 'owner' as source, 'admin' as role
            from pairs p join repositories r on r.id = p.repository_id where r.owner_id = p.user_id
            union all
            select p.user_id, p.repository_id, 2, 'organization owner', 'admin'
            from pairs p join repositories r on r.id = p.repository_id
            join memberships m on m.organization_id = r.owner_id and m.user_id = p.user_id where m.role = 'admin'
            union all
            select p.user_id, p.repository_id, 3, 'base permission', o.base_permission
            from pairs p join repositories r on r.id = p.repository_id
            join memberships m on m.organization_id = r.owner_id and m.user_id = p.user_id
            join organizations o on o.account_id = m.organization_id where o.base_permission <> 'none'
            union all
            select p.user_id, p.repository_id, 4, 'collaborator', c.role
            from pairs p join collaborators c on c.repository_id = p.repository_id and c.user_id = p.user_id
            union all
            select p.user_id, p.repository_id, 5, 'team ' || t.slug, tr.role
            from pairs p join team_repositories tr on tr.repository_id = p.repository_id
            join team_members m on m.team_id = tr.team_id and m.user_id = p.user_id join teams t on t.id = tr.team_id
        )
        """;

    public static async Task<RepositoryStanding> StandingAsync(DbSession session, RepositoryFacts repository, long userId) =>
        (await StandingsAsync(session, "select @userId as user_id, id as repository_id from repositories where id = @id", new { userId, id = repository.Id }))
        .Select(found => found.Standing).FirstOrDefault() ?? RepositoryStanding.Nobody;

    /// <summary>What people are to repositories, in one statement however many there are. Repositories that do not exist are left out.</summary>
    /// <param name="session">Where to read.</param>
    /// <param name="pairs">A select of <c>user_id</c>, which may be null for nobody, and <c>repository_id</c>.</param>
    /// <param name="parameters">The parameters of the select.</param>
    public static async Task<List<PersonOnRepository>> StandingsAsync(DbSession session, string pairs, object? parameters = null)
    {
        var rows = await session.QueryAsync<StandingRow>(
            $"""
            with pairs as ({pairs}),
            {NamedRoles}
            select {RepositoryColumns}, p.user_id,
                   exists (select 1 from memberships m where m.organization_id = r.owner_id and m.user_id = p.user_id) as is_member,
                   n.source as role_source, n.role
            from pairs p join repositories r on r.id = p.repository_id join accounts a on a.id = r.owner_id
            left join roles n on n.user_id = p.user_id and n.repository_id = p.repository_id
            order by p.user_id, p.repository_id, n.place
            """,
            parameters);
        return
        [
            .. rows.GroupBy(row => (row.UserId, row.Id)).Select(group => new PersonOnRepository(
                group.Key.UserId,
                group.First().Repository,
                RepositoryStanding.Of(
                    group.First().Repository,
                    [.. group.Where(row => row.Role is not null).Select(row => new RoleSource { Source = row.RoleSource!, Role = row.Role! })],
                    group.First().IsMember))),
        ];
    }

    private sealed record StandingRow
    {
        public long? UserId { get; init; }

        public long Id { get; init; }

        public long OwnerId { get; init; }

        public string OwnerLogin { get; init; } = "";

        public bool OwnerIsOrganization { get; init; }

        public string Name { get; init; } = "";

        public string Visibility { get; init; } = "private";

        public bool IsMember { get; init; }

        public string? RoleSource { get; init; }

        public string? Role { get; init; }

        public RepositoryFacts Repository => new()
        {
            Id = Id,
            OwnerId = OwnerId,
            OwnerLogin = OwnerLogin,
            OwnerIsOrganization = OwnerIsOrganization,
            Name = Name,
            Visibility = Visibility,
        };
    }
}

/// <summary>One person and one repository; the person is null for nobody who is signed in.</summary>
internal sealed record PersonOnRepository(long? UserId, RepositoryFacts Repository, RepositoryStanding Standing);

/// <summary>What the packages table says about access.</summary>
internal sealed record PackageRow
{
    public long Id { get; init; }

    public string Visibility { get; init; } = "private";

    public long? RepositoryId { get; init; }

    public bool InheritsAccess { get; init; }
}
