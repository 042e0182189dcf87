using Berth.Server.Access;
using Berth.Server.Database;

namespace Berth.Server.Codespaces.Permissions;

/// <summary>
/// What users let codespaces of a repository read of others (<c>codespace_permissions</c>), and what each codespace asks for
/// (<c>codespace_targets</c>).
/// </summary>
internal static class CodespacePermissionTable
{
    private const string Facts = "r.id, r.owner_id, a.login as owner_login, (a.kind = 'organization') as owner_is_organization, r.name, "
        + "r.visibility";

    public static Task<List<RepositoryFacts>> PermittedAsync(
        DbSession session, long userId, long repositoryId) => session.QueryAsync<RepositoryFacts>(
        $"""
        select {Facts} from codespace_permissions p join repositories r on r.id = p.target_id join accounts a on a.id = r.owner_id
        where p.user_id = @userId and p.repository_id = @repositoryId order by r.folded
        """,
        new { userId, repositoryId });

    /// <summary>Replaces what the user permits.</summary>
    public static async Task PermitAsync(DbSession session, long userId, long repositoryId, IEnumerable<long> targets, DateTimeOffset now)
    {
        await session.ExecuteAsync(
            "delete from codespace_permissions where user_id = @userId and repository_id = @repositoryId", new { userId, repositoryId });
        foreach (var targetId in targets)
        {
            await session.ExecuteAsync(
                "insert into codespace_permissions (user_id, repository_id, target_id, accepted_at) values (@userId, @repositoryId, "
                    + "@targetId, @now) on conflict do nothing",
                new { userId, repositoryId, targetId, now });
        }
    }

    public static Task<List<long>> TargetsAsync(DbSession session, long codespaceId) => session.QueryAsync<long>(
        "select target_id from codespace_targets where codespace_id = @codespaceId order by target_id", new { codespaceId });

    public static async Task SetTargetsAsync(DbSession session, long codespaceId, IEnumerable<long> targets)
    {
        await session.ExecuteAsync("delete from codespace_targets where codespace_id = @codespaceId", new { codespaceId });
        foreach (var targetId in targets)
        {
            await session.ExecuteAsync(
                "insert into codespace_targets (codespace_id, target_id) values (@codespaceId, @targetId) on conflict do nothing",
                new { codespaceId, targetId });
        }
    }

    /// <summary>The owner's other repositories with packages that take their access from them: all that there is to ask for.</summary>
    public static Task<List<RepositoryFacts>> WithPackagesAsync(
        DbSession session, RepositoryFacts repository, int limit) => session.QueryAsync<RepositoryFacts>(
        $"""
        select {Facts} from repositories r join accounts a on a.id = r.owner_id
        where r.owner_id = @OwnerId and r.id <> @Id
          and exists (select 1 from packages p where p.repository_id = r.id and p.inherits_access = @yes and p.state = 'live')
        order by r.folded limit @limit
        """,
        new { repository.OwnerId, repository.Id, yes = true, limit });
}
