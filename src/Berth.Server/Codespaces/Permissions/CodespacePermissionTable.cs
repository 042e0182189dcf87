using Berth.Server.Access;
using Berth.Server.Database;

namespace Berth.Server.Codespaces.Permissions;

/// <summary>The kinds of access that a codespace can have to another repository.</summary>
internal enum PermissionKind
{
    /// <summary>Reading its packages.</summary>
    Packages,

    /// <summary>Reaching it with git.</summary>
    Contents,
}

/// <summary>The tables of what users permit codespaces of a repository to use of others, and of what each codespace asks for.</summary>
internal static class CodespacePermissionTable
{
    private const string Facts = "r.id, r.owner_id, a.login as owner_login, (a.kind = 'organization') as owner_is_organization, r.name, "
        + "r.visibility";

    private static string Permissions(PermissionKind kind) =>
        kind == PermissionKind.Packages ? "codespace_permissions" : "codespace_git_permissions";

    private static string Targets(PermissionKind kind) => kind == PermissionKind.Packages ? "codespace_targets" : "codespace_git_targets";

    public static Task<List<RepositoryFacts>> PermittedAsync(
        DbSession session, PermissionKind kind, long userId, long repositoryId) => session.QueryAsync<RepositoryFacts>(
        $"""
        select {Facts} from {Permissions(kind)} p join repositories r on r.id = p.target_id join accounts a on a.id = r.owner_id
        where p.user_id = @userId and p.repository_id = @repositoryId order by r.folded
        """,
        new { userId, repositoryId });

    /// <summary>Replaces what the user permits.</summary>
    public static async Task PermitAsync(
        DbSession session, PermissionKind kind, long userId, long repositoryId, IEnumerable<long> targets, DateTimeOffset now)
    {
        await session.ExecuteAsync(
            kind == PermissionKind.Packages
                ? "delete from codespace_permissions where user_id = @userId and repository_id = @repositoryId"
                : "delete from codespace_git_permissions where user_id = @userId and repository_id = @repositoryId",
            new { userId, repositoryId });
        foreach (var targetId in targets)
        {
            await session.ExecuteAsync(
                kind == PermissionKind.Packages
                    ? """
                      insert into codespace_permissions (user_id, repository_id, target_id, accepted_at)
                      values (@userId, @repositoryId, @targetId, @now) on conflict do nothing
                      """
                    : """
                      insert into codespace_git_permissions (user_id, repository_id, target_id, accepted_at)
                      values (@userId, @repositoryId, @targetId, @now) on conflict do nothing
                      """,
                new { userId, repositoryId, targetId, now });
        }
    }

    public static Task<List<long>> TargetsAsync(DbSession session, PermissionKind kind, long codespaceId) => session.QueryAsync<long>(
        $"select target_id from {Targets(kind)} where codespace_id = @codespaceId order by target_id", new { codespaceId });

    public static async Task SetTargetsAsync(DbSession session, PermissionKind kind, long codespaceId, IEnumerable<long> targets)
    {
        await session.ExecuteAsync(
            kind == PermissionKind.Packages
                ? "delete from codespace_targets where codespace_id = @codespaceId"
                : "delete from codespace_git_targets where codespace_id = @codespaceId",
            new { codespaceId });
        foreach (var targetId in targets)
        {
            await session.ExecuteAsync(
                kind == PermissionKind.Packages
                    ? "insert into codespace_targets (codespace_id, target_id) values (@codespaceId, @targetId) on conflict do nothing"
                    : "insert into codespace_git_targets (codespace_id, target_id) values (@codespaceId, @targetId) on conflict do nothing",
                new { codespaceId, targetId });
        }
    }

    /// <summary>
    /// The owner's other repositories for which permissions make sense: those with packages that inherit their access, or those with a
    /// clone URL.
    /// </summary>
    public static Task<List<RepositoryFacts>> ToAskForAsync(
        DbSession session, PermissionKind kind, RepositoryFacts repository, int limit) => session.QueryAsync<RepositoryFacts>(
        $"""
        select {Facts} from repositories r join accounts a on a.id = r.owner_id
        where r.owner_id = @OwnerId and r.id <> @Id and {(kind == PermissionKind.Packages
            ? "exists (select 1 from packages p where p.repository_id = r.id and p.inherits_access = @yes and p.state = 'live')"
            : "r.clone_url is not null and @yes = @yes")}
        order by r.folded limit @limit
        """,
        new { repository.OwnerId, repository.Id, yes = true, limit });

    /// <summary>
    /// The other repositories that git inside a codespace may reach. They are asked for, permitted, and still belong to the same owner.
    /// </summary>
    public static Task<List<GitTarget>> GitTargetsAsync(DbSession session, Codespace codespace) => session.QueryAsync<GitTarget>(
        """
        select r.id, r.clone_url from codespace_git_targets t
        join codespaces c on c.id = t.codespace_id
        join repositories own on own.id = c.repository_id
        join codespace_git_permissions p on p.user_id = c.owner_id and p.repository_id = own.id and p.target_id = t.target_id
        join repositories r on r.id = t.target_id and r.owner_id = own.owner_id
        where t.codespace_id = @Id and r.clone_url is not null order by r.folded
        """,
        new { codespace.Id });
}

/// <summary>A repository that git inside may reach.</summary>
internal sealed record GitTarget
{
    public long Id { get; init; }

    public string CloneUrl { get; init; } = "";
}
