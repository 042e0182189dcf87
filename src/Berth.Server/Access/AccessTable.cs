using Berth.Server.Database;

namespace Berth.Server.Access;

/// <summary>Reads the facts that access depends on. The tables belong to other features and are only joined here.</summary>
internal static class AccessTable
{
    private const string RepositoryColumns = """
        r.id, r.owner_id, a.login as owner_login, (a.kind = 'organization') as owner_is_organization, r.name, r.visibility
        """;

    /// <summary>Reads an account and a person's place in it, in one statement. Null when there is no such account.</summary>
    public static async Task<PersonInNamespace?> InNamespaceAsync(DbSession session, long? userId, string login)
    {
        var row = await session.FirstOrDefaultAsync<NamespaceRow>(
            $"select {PackageFactsTable.OwnerColumns}, m.role as membership {PackageFactsTable.OwnerJoins}"
            + " left join memberships m on m.organization_id = a.id and m.user_id = @userId where a.folded = @folded",
            new { userId, folded = login.ToLowerInvariant() });
        return row is null ? null : new PersonInNamespace(userId, new OwnerFacts(row), row.Membership);
    }

    /// <summary>The organizations that limit the life of tokens, among those that the person has ties with.</summary>
    public static async Task<List<OwnerFacts>> WithTokenLifeAsync(DbSession session, long userId) =>
        await session.QueryAsync<OwnerFacts>(
            $"""
            select {PackageFactsTable.OwnerColumns} {PackageFactsTable.OwnerJoins}
            where o.token_max_days is not null and (
                exists (select 1 from memberships m where m.organization_id = a.id and m.user_id = @userId)
                or exists (select 1 from collaborators c join repositories r on r.id = c.repository_id
                           where r.owner_id = a.id and c.user_id = @userId)
                or exists (select 1 from package_users g join packages p on p.id = g.package_id
                           where p.owner_id = a.id and g.user_id = @userId))
            order by a.folded
            """,
            new { userId });

    public static Task<OrganizationNames?> NamesAsync(DbSession session, long organizationId, long? teamId) =>
        session.FirstOrDefaultAsync<OrganizationNames>(
            """
            select a.login as organization, t.slug as team from accounts a
            left join teams t on t.organization_id = a.id and t.id = @teamId
            where a.id = @organizationId and a.kind = 'organization' and (cast(@teamId as bigint) is null or t.id is not null)
            """,
            new { organizationId, teamId });

    /// <summary>
    /// Selects the roles that people hold by name on repositories, and says in words where each comes from. It follows a common table
    /// expression <c>pairs (user_id, repository_id)</c>. No other statement says what gives a role.
    /// </summary>
    public const string NamedRoles = """
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

    /// <summary>Reads one person and one repository. Null when there is no such repository.</summary>
    public static async Task<PersonOnRepository?> OnRepositoryAsync(DbSession session, long? userId, long repositoryId) =>
        (await StandingsAsync(
            session, "select cast(@userId as bigint) as user_id, id as repository_id from repositories where id = @repositoryId",
            new { userId, repositoryId }))
        .FirstOrDefault();

    /// <summary>The same, with the repository given by its names.</summary>
    public static async Task<PersonOnRepository?> OnRepositoryAsync(DbSession session, long? userId, string owner, string name) =>
        (await StandingsAsync(
            session,
            """
            select cast(@userId as bigint) as user_id, r.id as repository_id from repositories r join accounts a on a.id = r.owner_id
            where a.folded = @owner and r.folded = @name
            """,
            new { userId, owner = owner.ToLowerInvariant(), name = name.ToLowerInvariant() }))
        .FirstOrDefault();

    /// <summary>Reads one person and many repositories, by the repositories' ids.</summary>
    public static async Task<Dictionary<long, PersonOnRepository>> OnRepositoriesAsync(
        DbSession session, long? userId, IEnumerable<long> repositoryIds)
    {
        var ids = repositoryIds.Distinct().ToArray();
        return ids.Length == 0 ? [] : (await StandingsAsync(
            session, "select cast(@userId as bigint) as user_id, id as repository_id from repositories where id in @ids",
            new { userId, ids }))
            .ToDictionary(found => found.Repository.Id);
    }

    /// <summary>
    /// Reads people's roles on repositories, in one statement however many there are. Repositories that do not exist are left out.
    /// </summary>
    /// <param name="pairs">A select of <c>repository_id</c> and <c>user_id</c>, which may be null for nobody.</param>
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
                group.Key.UserId is null ? RepositoryStanding.Nobody : RepositoryStanding.Of(
                    group.First().Repository,
                    [
                        .. group.Where(row => row.Role is not null)
                        .Select(row => new RoleSource { Source = row.RoleSource!, Role = row.Role! }),
                    ],
                    group.First().IsMember))),
        ];
    }

    private sealed record NamespaceRow : OwnerFacts
    {
        public string? Membership { get; init; }
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

/// <summary>One person and one account. The person is null when nobody is signed in.</summary>
/// <param name="Membership">The role in an organization: <c>admin</c> (an owner), <c>member</c>, or null.</param>
internal sealed record PersonInNamespace(long? UserId, OwnerFacts Owner, string? Membership);

/// <summary>One person and one repository. The person is null when nobody is signed in.</summary>
internal sealed record PersonOnRepository(long? UserId, RepositoryFacts Repository, RepositoryStanding Standing);

/// <summary>The names of an organization and perhaps one of its teams.</summary>
internal sealed record OrganizationNames
{
    public string Organization { get; init; } = "";

    public string? Team { get; init; }
}
