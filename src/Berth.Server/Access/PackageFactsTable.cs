using Berth.Server.Database;

namespace Berth.Server.Access;

/// <summary>
/// Reads all facts of one principal and one package in one statement, so that all are of the same moment. The tables belong to other
/// features.
/// </summary>
internal static class PackageFactsTable
{
    public const string OwnerColumns = """
        a.id, a.login, (a.kind = 'organization') as is_organization,
        coalesce(o.members_can_create_repositories, false) as members_can_create_repositories,
        coalesce(o.members_can_create_public_packages, false) as members_can_create_public_packages,
        coalesce(o.members_can_create_internal_packages, false) as members_can_create_internal_packages,
        coalesce(o.members_can_create_private_packages, false) as members_can_create_private_packages,
        coalesce(o.workflows_can_create_packages, true) as workflows_can_create_packages,
        coalesce(o.public_packages_allowed, true) as public_packages_allowed,
        coalesce(o.internal_packages_allowed, true) as internal_packages_allowed,
        coalesce(o.inherit_access_on_link, false) as inherit_access_on_link,
        coalesce(o.first_publish_visibility, 'repository') as first_publish_visibility,
        o.token_max_days, coalesce(o.unrestricted_tokens_allowed, true) as unrestricted_tokens_allowed
        """;

    public const string OwnerJoins = "from accounts a left join organizations o on o.account_id = a.id";

    // A statement of its own, since PostgreSQL takes longer to plan with every join, and most requests to a registry need nothing else.
    private const string Subject = $"""
        owner as (
            select {OwnerColumns} {OwnerJoins} where a.folded = @owner
        ),
        package as (
            select p.id, p.visibility, p.repository_id, p.inherits_access from packages p join owner o on o.id = p.owner_id
            where p.type = @type and p.name = @name and p.state = 'live' and cast(@deleted as bigint) is null
            union all
            select p.id, p.visibility, p.repository_id, p.inherits_access from packages p where p.id = @deleted
        )
        """;

    private const string SubjectColumns = """
        o.*, p.id as package_id, p.visibility as package_visibility, p.inherits_access as package_inherits,
        l.id as linked_id, l.owner_id as linked_owner_id, la.login as linked_owner_login,
        (la.kind = 'organization') as linked_owner_is_organization,
        l.name as linked_name, l.visibility as linked_visibility
        """;

    private const string SubjectJoins = """
        from owner o left join package p on 1 = 1
        left join repositories l on l.id = p.repository_id left join accounts la on la.id = l.owner_id
        """;

    private const string CallerColumns = """
        x.id as acting_id, x.owner_id as acting_owner_id, xa.login as acting_owner_login,
        (xa.kind = 'organization') as acting_owner_is_organization, x.name as acting_name, x.visibility as acting_visibility,
        mo.role as membership, (ml.user_id is not null) as in_linked_owner, (mx.user_id is not null) as in_acting_owner,
        pa.role as actions_role, (pc.package_id is not null) as on_codespaces_list,
        exists (select 1 from codespace_targets ct where ct.codespace_id = @codespaceId and ct.target_id = l.id) as linked_asked,
        exists (select 1 from codespace_permissions cp
                where cp.user_id = @userId and cp.repository_id = @actingId and cp.target_id = l.id) as linked_permitted,
        h.repository_id as held_on, h.source as held_source, h.role as held_role
        """;

    private const string CallerJoins = """
        left join repositories x on x.id = @actingId left join accounts xa on xa.id = x.owner_id
        left join memberships mo on mo.organization_id = o.id and mo.user_id = @userId
        left join memberships ml on ml.organization_id = l.owner_id and ml.user_id = @userId
        left join memberships mx on mx.organization_id = x.owner_id and mx.user_id = @userId
        left join package_actions pa on pa.package_id = p.id and pa.repository_id = x.id
        left join package_codespaces pc on pc.package_id = p.id and pc.repository_id = x.id
        """;

    private const string SelectSubject = $"with {Subject} select {SubjectColumns} {SubjectJoins}";

    private const string SelectFacts = $"""
        with {Subject},
        pairs as (
            select cast(@userId as bigint) as user_id, p.repository_id from package p where p.repository_id is not null
            union
            select cast(@userId as bigint), r.id from repositories r join owner o on o.id = r.owner_id where r.folded = @keeper
            union
            select cast(@userId as bigint), r.id from repositories r where r.id = @actingId
        ),
        {AccessTable.NamedRoles},
        held as (
            select n.repository_id, n.place, n.source, n.role from roles n
            union all
            select null, 0, a.login, g.role from package p join package_users g on g.package_id = p.id join accounts a on a.id = g.user_id
            where g.user_id = @userId
            union all
            select null, 1, 'team ' || t.slug, g.role from package p join package_teams g on g.package_id = p.id
              join teams t on t.id = g.team_id
            join team_members m on m.team_id = t.id where m.user_id = @userId
        )
        select {SubjectColumns}, {CallerColumns},
               k.id as keeper_id, k.name as keeper_name, k.visibility as keeper_visibility
        {SubjectJoins}
        left join repositories k on k.owner_id = o.id and k.folded = @keeper
        {CallerJoins}
        left join held h on 1 = 1
        order by h.place, h.source
        """;

    // The same facts for many packages. All of them exist, so no repository keeps a name. Each role is joined to the packages that it
    // counts for, so that the database finds it by an index.
    private const string SelectMany = $"""
        with package as (
            select p.id, p.owner_id, p.type, p.name, p.visibility, p.repository_id, p.inherits_access from packages p
            where p.id in @ids and p.state = 'live'
        ),
        owner as (
            select {OwnerColumns} {OwnerJoins} where a.id in (select owner_id from package)
        ),
        pairs as (
            select cast(@userId as bigint) as user_id, p.repository_id from package p where p.repository_id is not null
            union
            select cast(@userId as bigint), r.id from repositories r where r.id = @actingId
        ),
        {AccessTable.NamedRoles},
        held as (
            select p.id as package_id, n.repository_id, n.place, n.source, n.role from package p
            join roles n on n.repository_id = p.repository_id
            union all
            select p.id, n.repository_id, n.place, n.source, n.role from package p join roles n on n.repository_id = @actingId
            where p.repository_id is null or p.repository_id <> @actingId
            union all
            select p.id, null, 0, a.login, g.role from package p join package_users g on g.package_id = p.id
              join accounts a on a.id = g.user_id
            where g.user_id = @userId
            union all
            select p.id, null, 1, 'team ' || t.slug, g.role from package p join package_teams g on g.package_id = p.id
              join teams t on t.id = g.team_id
            join team_members m on m.team_id = t.id where m.user_id = @userId
        )
        select {SubjectColumns}, {CallerColumns}, p.type as package_type, p.name as package_name
        from package p join owner o on o.id = p.owner_id
        left join repositories l on l.id = p.repository_id left join accounts la on la.id = l.owner_id
        {CallerJoins}
        left join held h on h.package_id = p.id
        order by h.place, h.source
        """;

    public static async Task<PackageSubject> SubjectAsync(DbSession session, PackageAddress address, long? deleted = null)
    {
        var row = await session.FirstOrDefaultAsync<PackageFactsRow>(
            SelectSubject, new { owner = address.Owner.ToLowerInvariant(), type = address.Type, name = address.Name, deleted });
        return row?.Subject(address) ?? new PackageSubject { Address = address };
    }

    public static async Task<PackageFacts> FactsAsync(DbSession session, Principal principal, PackageAddress address, long? deleted = null)
    {
        var (userId, actingId, codespace) = WhoAsks(principal);
        if (userId is null && actingId is null)
        {
            return new PackageFacts(await SubjectAsync(session, address, deleted));
        }

        var rows = await session.QueryAsync<PackageFactsRow>(
            SelectFacts,
            new
            {
                owner = address.Owner.ToLowerInvariant(),
                type = address.Type,
                name = address.Name,
                deleted,
                keeper = address.Name.Split('/')[0].ToLowerInvariant(),
                userId,
                actingId,
                codespaceId = codespace?.CodespaceId,
            });
        return rows is [var row, ..] ? row.Facts(address, rows, userId, codespace) : new PackageFacts { Address = address };
    }

    /// <summary>Reads the facts of many live packages by their ids, in one statement. Packages that do not exist are left out.</summary>
    public static async Task<Dictionary<long, PackageFacts>> FactsAsync(DbSession session, Principal principal, IReadOnlyList<long> ids)
    {
        var (userId, actingId, codespace) = WhoAsks(principal);
        var rows = ids.Count == 0 ? [] : await session.QueryAsync<PackageFactsRow>(
            SelectMany, new { ids = ids.ToArray(), userId, actingId, codespaceId = codespace?.CodespaceId });
        return rows.GroupBy(row => row.PackageId!.Value).ToDictionary(
            group => group.Key,
            group =>
            {
                PackageFactsRow[] own = [.. group];
                return own[0].Facts(new(own[0].Login, own[0].PackageType!, own[0].PackageName!), own, userId, codespace);
            });
    }

    /// <summary>Returns whose roles count, which repository the principal acts for, and the codespace.</summary>
    internal static (long? UserId, long? ActingId, CodespacePrincipal? Codespace) WhoAsks(Principal principal) => principal switch
    {
        UserPrincipal user => (user.UserId, null, null),
        WorkflowPrincipal workflow => (null, workflow.RepositoryId, null),
        CodespacePrincipal codespace => (codespace.UserId, codespace.RepositoryId, codespace),
        _ => (null, null, null),
    };
}
