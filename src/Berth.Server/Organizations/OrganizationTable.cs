using Berth.Server.Accounts;
using Berth.Server.Api;
using Berth.Server.Database;
using Berth.Server.Repositories;

namespace Berth.Server.Organizations;

/// <summary>An organization with its settings.</summary>
internal sealed record OrganizationRow
{
    public long Id { get; init; }

    public string Login { get; init; } = "";

    public string? Name { get; init; }

    public string BasePermission { get; init; } = "read";

    public bool MembersCanCreateRepositories { get; init; }

    public bool MembersCanCreatePublicPackages { get; init; }

    public bool MembersCanCreateInternalPackages { get; init; }

    public bool MembersCanCreatePrivatePackages { get; init; }

    public bool WorkflowsCanCreatePackages { get; init; }

    public bool PublicPackagesAllowed { get; init; }

    public bool InternalPackagesAllowed { get; init; }

    public bool InheritAccessOnLink { get; init; }

    public string FirstPublishVisibility { get; init; } = "repository";

    public long? TokenMaxDays { get; init; }

    public bool UnrestrictedTokensAllowed { get; init; }

    public DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset UpdatedAt { get; init; }
}

/// <summary>A change of an organization. A null leaves the column as it is, unless its flag says that null is the new value.</summary>
internal sealed record OrganizationChange
{
    public bool SetsName { get; init; }

    public string? Name { get; init; }

    public string? BasePermission { get; init; }

    public bool? MembersCanCreateRepositories { get; init; }

    public bool? MembersCanCreatePublicPackages { get; init; }

    public bool? MembersCanCreateInternalPackages { get; init; }

    public bool? MembersCanCreatePrivatePackages { get; init; }

    public bool? WorkflowsCanCreatePackages { get; init; }

    public bool? PublicPackagesAllowed { get; init; }

    public bool? InternalPackagesAllowed { get; init; }

    public bool? InheritAccessOnLink { get; init; }

    public string? FirstPublishVisibility { get; init; }

    /// <summary>0 means no limit.</summary>
    public long? TokenMaxDays { get; init; }

    public bool? UnrestrictedTokensAllowed { get; init; }
}

/// <summary>A person's role in an organization, with the account.</summary>
internal sealed record MemberRow
{
    public long Id { get; init; }

    public string Login { get; init; } = "";

    public bool SiteAdmin { get; init; }

    /// <summary><c>admin</c> or <c>member</c>.</summary>
    public string Role { get; init; } = "member";
}

/// <summary>One organization of a user.</summary>
internal sealed record RoleInOrganization
{
    public long OrganizationId { get; init; }

    public string Login { get; init; } = "";

    public string Role { get; init; } = "member";
}

/// <summary>All SQL on organizations and their members.</summary>
internal static class OrganizationTable
{
    public static Task<OrganizationRow?> FindAsync(DbSession session, long id) => session.FirstOrDefaultAsync<OrganizationRow>(
        """
        select a.id, a.login, a.name, a.created_at, a.updated_at, o.base_permission, o.members_can_create_repositories,
               o.members_can_create_public_packages, o.members_can_create_internal_packages, o.members_can_create_private_packages,
               o.workflows_can_create_packages, o.public_packages_allowed, o.internal_packages_allowed, o.inherit_access_on_link,
               o.first_publish_visibility, o.token_max_days, o.unrestricted_tokens_allowed
        from accounts a join organizations o on o.account_id = a.id
        where a.id = @id
        """,
        new { id });

    /// <summary>Writes what the change names. The rest stays as it is.</summary>
    public static async Task ChangeAsync(DbSession session, long id, OrganizationChange change, DateTimeOffset now)
    {
        await session.ExecuteAsync(
            """
            update organizations set base_permission = coalesce(@BasePermission, base_permission),
                members_can_create_repositories = coalesce(@MembersCanCreateRepositories, members_can_create_repositories),
                members_can_create_public_packages = coalesce(@MembersCanCreatePublicPackages, members_can_create_public_packages),
                members_can_create_internal_packages = coalesce(@MembersCanCreateInternalPackages, members_can_create_internal_packages),
                members_can_create_private_packages = coalesce(@MembersCanCreatePrivatePackages, members_can_create_private_packages),
                workflows_can_create_packages = coalesce(@WorkflowsCanCreatePackages, workflows_can_create_packages),
                public_packages_allowed = coalesce(@PublicPackagesAllowed, public_packages_allowed),
                internal_packages_allowed = coalesce(@InternalPackagesAllowed, internal_packages_allowed),
                inherit_access_on_link = coalesce(@InheritAccessOnLink, inherit_access_on_link),
                first_publish_visibility = coalesce(@FirstPublishVisibility, first_publish_visibility),
                token_max_days = nullif(coalesce(@TokenMaxDays, token_max_days), 0),
                unrestricted_tokens_allowed = coalesce(@UnrestrictedTokensAllowed, unrestricted_tokens_allowed)
            where account_id = @id
            """,
            new
            {
                id,
                change.BasePermission,
                change.MembersCanCreateRepositories,
                change.MembersCanCreatePublicPackages,
                change.MembersCanCreateInternalPackages,
                change.MembersCanCreatePrivatePackages,
                change.WorkflowsCanCreatePackages,
                change.PublicPackagesAllowed,
                change.InternalPackagesAllowed,
                change.InheritAccessOnLink,
                change.FirstPublishVisibility,
                change.TokenMaxDays,
                change.UnrestrictedTokensAllowed,
            });
        await AccountTable.ChangeAsync(session, id, change.SetsName, change.Name, now);
    }

    /// <summary>Makes an account an organization, with its first owner.</summary>
    public static async Task InsertAsync(DbSession session, long accountId, long ownerId, DateTimeOffset now)
    {
        await session.ExecuteAsync("insert into organizations (account_id) values (@accountId)", new { accountId });
        await SetRoleAsync(session, accountId, ownerId, "admin", now);
    }

    /// <summary>What codespaces of its repositories get inside: secrets of registries, and people's own credentials for git.</summary>
    public static Task SetCodespacePolicyAsync(DbSession session, long id, bool? exports, bool? git) => session.ExecuteAsync(
        """
        update organizations set export_registry_secrets = coalesce(@exports, export_registry_secrets),
          git_credentials_inside = coalesce(@git, git_credentials_inside)
        where account_id = @id
        """,
        new { id, exports, git });

    public static Task<List<AccountRow>> OfUserAsync(DbSession session, long userId) => session.QueryAsync<AccountRow>(
        $"select {AccountTable.Columns} from memberships m join accounts a on a.id = m.organization_id where m.user_id = @userId order by "
            + "a.folded",
        new { userId });

    /// <summary>A user's organizations, with the role in each.</summary>
    public static Task<List<RoleInOrganization>> RolesOfAsync(DbSession session, long userId) => session.QueryAsync<RoleInOrganization>(
        """
        select a.id as organization_id, a.login, m.role from memberships m join accounts a on a.id = m.organization_id
        where m.user_id = @userId order by a.folded
        """,
        new { userId });

    public static async Task<Page<MemberRow>> MembersAsync(DbSession session, long organizationId, string? role, Paging paging)
    {
        var parameters = new { organizationId, role, size = paging.Size, offset = paging.Offset };
        const string From = """
            from memberships m join accounts a on a.id = m.user_id
            where m.organization_id = @organizationId and (cast(@role as text) is null or m.role = @role)
            """;
        var total = await session.SingleAsync<long>($"select count(*) {From}", parameters);
        var rows = await session.QueryAsync<MemberRow>(
            $"select a.id, a.login, a.site_admin, m.role {From} order by a.folded limit @size offset @offset", parameters);
        return new Page<MemberRow>(rows, total);
    }

    public static async Task<Page<MemberRow>> OutsideCollaboratorsAsync(DbSession session, long organizationId, Paging paging)
    {
        var parameters = new { organizationId, size = paging.Size, offset = paging.Offset };
        const string From = """
            from accounts a where exists (
                select 1 from collaborators c join repositories r on r.id = c.repository_id
                where c.user_id = a.id and r.owner_id = @organizationId)
            and not exists (select 1 from memberships m where m.organization_id = @organizationId and m.user_id = a.id)
            """;
        var total = await session.SingleAsync<long>($"select count(*) {From}", parameters);
        var rows = await session.QueryAsync<MemberRow>(
            $"select a.id, a.login, a.site_admin {From} order by a.folded limit @size offset @offset", parameters);
        return new Page<MemberRow>(rows, total);
    }

    public static Task<MemberRow?> MemberAsync(DbSession session, long organizationId, string login) =>
        session.FirstOrDefaultAsync<MemberRow>(
            """
            select a.id, a.login, a.site_admin, m.role from memberships m join accounts a on a.id = m.user_id
            where m.organization_id = @organizationId and a.folded = @folded
            """,
            new { organizationId, folded = login.ToLowerInvariant() });

    public static Task SetRoleAsync(DbSession session, long organizationId, long userId, string role, DateTimeOffset now) =>
        session.ExecuteAsync(
            """
            insert into memberships (organization_id, user_id, role, created_at) values (@organizationId, @userId, @role, @now)
            on conflict (organization_id, user_id) do update set role = @role
            """,
            new { organizationId, userId, role, now });

    public static async Task<bool> IsLastOwnerAsync(DbSession session, long organizationId, long userId) => await session.SingleAsync<long>(
        "select count(*) from memberships where organization_id = @organizationId and role = 'admin' and user_id <> @userId",
        new { organizationId, userId }) == 0;

    /// <summary>
    /// Removes a person with everything that they were given in the organization: teams and repositories. Access to packages is removed by
    /// its own feature.
    /// </summary>
    public static async Task RemoveAsync(DbSession session, long organizationId, long userId)
    {
        var parameters = new { organizationId, userId };
        await session.ExecuteAsync(
            "delete from team_members where user_id = @userId and team_id in (select id from teams where organization_id = "
                + "@organizationId)",
            parameters);
        await RepositoryTable.RemoveCollaboratorEverywhereAsync(session, organizationId, userId);
        await session.ExecuteAsync("delete from memberships where organization_id = @organizationId and user_id = @userId", parameters);
    }
}
