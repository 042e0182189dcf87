using Berth.Server.Api;
using Berth.Server.Database;

namespace Berth.Server.Organizations;

internal sealed record TeamRow
{
    public long Id { get; init; }

    public long OrganizationId { get; init; }

    public string Slug { get; init; } = "";

    public string Name { get; init; } = "";

    public string? Description { get; init; }

    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>The organization's login. Read only in lists of several organizations.</summary>
    public string Organization { get; init; } = "";

    /// <summary>The role on a repository. Read only in lists of a repository's teams.</summary>
    public string? Role { get; init; }
}

/// <summary>All SQL on teams, their members and their repositories.</summary>
internal static class TeamTable
{
    private const string Columns = "t.id, t.organization_id, t.slug, t.name, t.description, t.created_at";

    public static Task<TeamRow?> FindAsync(DbSession session, long organizationId, string slug) => session.FirstOrDefaultAsync<TeamRow>(
        $"select {Columns} from teams t where t.organization_id = @organizationId and t.slug = @slug",
        new { organizationId, slug = slug.ToLowerInvariant() });

    public static async Task<Page<TeamRow>> ListAsync(DbSession session, long organizationId, Paging paging)
    {
        var total = await session.SingleAsync<long>(
            "select count(*) from teams where organization_id = @organizationId", new { organizationId });
        var rows = await session.QueryAsync<TeamRow>(
            $"select {Columns} from teams t where t.organization_id = @organizationId order by t.slug limit @size offset @offset",
            new { organizationId, size = paging.Size, offset = paging.Offset });
        return new Page<TeamRow>(rows, total);
    }

    /// <summary>A user's teams in all organizations.</summary>
    public static async Task<Page<TeamRow>> OfUserAsync(DbSession session, long userId, Paging paging)
    {
        var total = await session.SingleAsync<long>("select count(*) from team_members where user_id = @userId", new { userId });
        var rows = await session.QueryAsync<TeamRow>(
            $"""
            select {Columns}, a.login as organization from teams t join team_members m on m.team_id = t.id
            join accounts a on a.id = t.organization_id
            where m.user_id = @userId order by a.folded, t.slug limit @size offset @offset
            """,
            new { userId, size = paging.Size, offset = paging.Offset });
        return new Page<TeamRow>(rows, total);
    }

    /// <summary>The teams with a role on a repository, and the role.</summary>
    public static async Task<Page<TeamRow>> OnRepositoryAsync(DbSession session, long repositoryId, Paging paging)
    {
        var total = await session.SingleAsync<long>(
            "select count(*) from team_repositories where repository_id = @repositoryId", new { repositoryId });
        var rows = await session.QueryAsync<TeamRow>(
            $"""
            select {Columns}, a.login as organization, tr.role from team_repositories tr join teams t on t.id = tr.team_id
            join accounts a on a.id = t.organization_id
            where tr.repository_id = @repositoryId order by t.slug limit @size offset @offset
            """,
            new { repositoryId, size = paging.Size, offset = paging.Offset });
        return new Page<TeamRow>(rows, total);
    }

    /// <summary>Returns null when the slug is taken.</summary>
    public static Task<long?> InsertAsync(
        DbSession session, long organizationId, string slug, string name, string? description, DateTimeOffset now) =>
        session.FirstOrDefaultAsync<long?>(
            """
            insert into teams (organization_id, slug, name, description, created_at)
              values (@organizationId, @slug, @name, @description, @now)
            on conflict (organization_id, slug) do nothing
            returning id
            """,
            new { organizationId, slug, name, description, now });

    /// <summary>Null leaves a column as it is. A description can be set to nothing.</summary>
    public static Task ChangeAsync(DbSession session, long id, string? slug, string? name, bool setsDescription, string? description) =>
        session.ExecuteAsync(
            """
            update teams set slug = coalesce(@slug, slug), name = coalesce(@name, name),
                description = case when @setsDescription = @yes then @description else description end
            where id = @id
            """,
            new { id, slug, name, setsDescription, description, yes = true });

    public static Task DeleteAsync(DbSession session, long id) => session.ExecuteAsync("delete from teams where id = @id", new { id });

    public static async Task<Page<MemberRow>> MembersAsync(DbSession session, long teamId, Paging paging)
    {
        var total = await session.SingleAsync<long>("select count(*) from team_members where team_id = @teamId", new { teamId });
        var rows = await session.QueryAsync<MemberRow>(
            """
            select a.id, a.login, a.site_admin, m.role from team_members m join accounts a on a.id = m.user_id
            where m.team_id = @teamId order by a.folded limit @size offset @offset
            """,
            new { teamId, size = paging.Size, offset = paging.Offset });
        return new Page<MemberRow>(rows, total);
    }

    public static Task<MemberRow?> MemberAsync(DbSession session, long teamId, string login) => session.FirstOrDefaultAsync<MemberRow>(
        """
        select a.id, a.login, a.site_admin, m.role from team_members m join accounts a on a.id = m.user_id
        where m.team_id = @teamId and a.folded = @folded
        """,
        new { teamId, folded = login.ToLowerInvariant() });

    public static Task SetMemberAsync(DbSession session, long teamId, long userId, string role) => session.ExecuteAsync(
        """
        insert into team_members (team_id, user_id, role) values (@teamId, @userId, @role)
        on conflict (team_id, user_id) do update set role = @role
        """,
        new { teamId, userId, role });

    public static Task<int> RemoveMemberAsync(DbSession session, long teamId, long userId) => session.ExecuteAsync(
        "delete from team_members where team_id = @teamId and user_id = @userId", new { teamId, userId });

    public static Task<string?> RepositoryRoleAsync(DbSession session, long teamId, long repositoryId) =>
        session.FirstOrDefaultAsync<string>(
            "select role from team_repositories where team_id = @teamId and repository_id = @repositoryId", new { teamId, repositoryId });

    /// <summary>The repositories' ids, and the team's role on each.</summary>
    public static Task<List<TeamRepositoryRow>> RepositoriesAsync(DbSession session, long teamId) => session.QueryAsync<TeamRepositoryRow>(
        """
        select r.id as repository_id, tr.role from team_repositories tr join repositories r on r.id = tr.repository_id
        where tr.team_id = @teamId order by r.folded
        """,
        new { teamId });
}

internal sealed record TeamRepositoryRow
{
    public long RepositoryId { get; init; }

    public string Role { get; init; } = "read";
}
