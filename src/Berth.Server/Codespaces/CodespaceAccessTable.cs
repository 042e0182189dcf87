using Berth.Server.Access;
using Berth.Server.Database;
using Berth.Server.Http;

namespace Berth.Server.Codespaces;

/// <summary>Who may have codespaces of an organization's repositories.</summary>
internal static class CodespaceAccessTable
{
    public static async Task<CodespaceAccess> OfAsync(DbSession session, long organizationId) => CodespaceAccessNames.Parse(
        await session.FirstOrDefaultAsync<string>(
            "select visibility from codespace_access where organization_id = @organizationId", new { organizationId }));

    public static Task SetAsync(DbSession session, long organizationId, CodespaceAccess access) => session.ExecuteAsync(
        """
        insert into codespace_access (organization_id, visibility) values (@organizationId, @visibility)
        on conflict (organization_id) do update set visibility = @visibility
        """,
        new { organizationId, visibility = access.Name() });

    /// <summary>The selected logins, without those who have left the organization.</summary>
    public static Task<List<string>> SelectedAsync(DbSession session, long organizationId) => session.QueryAsync<string>(
        """
        select a.login from codespace_access_users s join accounts a on a.id = s.user_id
        join memberships m on m.organization_id = s.organization_id and m.user_id = s.user_id
        where s.organization_id = @organizationId order by a.folded
        """,
        new { organizationId });

    public static Task SelectAsync(DbSession session, long organizationId, long userId) => session.ExecuteAsync(
        "insert into codespace_access_users (organization_id, user_id) values (@organizationId, @userId) on conflict do nothing",
        new { organizationId, userId });

    public static Task UnselectAsync(DbSession session, long organizationId, long userId) => session.ExecuteAsync(
        "delete from codespace_access_users where organization_id = @organizationId and user_id = @userId", new { organizationId, userId });

    public static Task UnselectAllAsync(DbSession session, long organizationId) => session.ExecuteAsync(
        "delete from codespace_access_users where organization_id = @organizationId", new { organizationId });

    /// <summary>Checks that the user may have a codespace, before anything is begun for them.</summary>
    /// <exception cref="ApiException">403 with the rule and the command that would change it.</exception>
    public static async Task DemandAsync(Db db, RepositoryFacts repository, long userId, string login, CancellationToken cancellationToken)
    {
        var decision = AccessRules.Decide(await db.ReadAsync(session => FactsAsync(session, repository, userId, login), cancellationToken));
        if (!decision.Allowed)
        {
            throw new ApiException(
                Errors.Forbidden.Saying(decision.Reason ?? "this repository cannot be read") with { Remedy = decision.Remedy });
        }
    }

    /// <summary>The facts of one user and one repository.</summary>
    public static async Task<CodespaceFacts> FactsAsync(DbSession session, RepositoryFacts repository, long userId, string login)
    {
        var standing = (await AccessDecisions.RepositoryAsync(session, userId, repository.Id))?.Standing ?? RepositoryStanding.Nobody;
        var policy = repository.OwnerIsOrganization ? await PolicyAsync(session, repository.OwnerId, userId) : null;
        return new CodespaceFacts
        {
            Repository = repository,
            UserLogin = login,
            CanRead = AccessRules.MayRead(standing),
            Access = CodespaceAccessNames.Parse(policy?.Visibility),
            IsMember = standing.IsMember,
            IsSelected = policy?.IsSelected ?? false,
        };
    }

    private static Task<Policy?> PolicyAsync(DbSession session, long organizationId, long userId) => session.FirstOrDefaultAsync<Policy>(
        """
        select (select visibility from codespace_access where organization_id = @organizationId) as visibility,
               exists (select 1 from codespace_access_users where organization_id = @organizationId and user_id = @userId) as is_selected
        """,
        new { organizationId, userId });

    private sealed record Policy
    {
        public string? Visibility { get; init; }

        public bool IsSelected { get; init; }
    }
}
