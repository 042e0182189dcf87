using Berth.Server.Access;
using Berth.Server.Database;

namespace Berth.Server.Authentication;

/// <summary>The tokens table. A token whose row or minter is gone stands for nobody from that moment.</summary>
internal static class TokenTable
{
    private const string Select = """
        select t.id, t.kind, t.hash, t.user_id, u.login, coalesce(u.site_admin, false) as site_admin,
               t.repository_id, o.login || '/' || r.name as repository, t.codespace_id, c.name as codespace,
               t.scopes, t.patterns, t.packages, t.trust_id, t.run, t.ref, t.commit_id, t.environment, t.event,
               t.created_at, t.expires_at, m.expires_at as minter_expires_at, t.last_used_at
        from tokens t
        left join accounts u on u.id = t.user_id
        left join repositories r on r.id = t.repository_id
        left join accounts o on o.id = r.owner_id
        left join codespaces c on c.id = t.codespace_id
        left join tokens m on m.id = t.minter_token_id
        """;

    public static async Task<TokenRow?> FindAsync(DbSession session, byte[] hash) =>
        await WithRoleAsync(session, await session.FirstOrDefaultAsync<TokenRow>($"{Select} where t.hash = @hash", new { hash }));

    public static async Task<TokenRow?> FindAsync(DbSession session, long id) =>
        await WithRoleAsync(session, await session.FirstOrDefaultAsync<TokenRow>($"{Select} where t.id = @id", new { id }));

    public static Task<long> CountPersonalAsync(DbSession session, long userId) =>
        session.SingleAsync<long>("select count(*) from tokens where user_id = @userId and kind = 'personal'", new { userId });

    /// <summary>A person's personal tokens, the newest first.</summary>
    public static Task<List<PersonalTokenRow>> PersonalAsync(DbSession session, long userId, int size, long offset) =>
        session.QueryAsync<PersonalTokenRow>(
            $"{SelectPersonal} where user_id = @userId and kind = 'personal' order by id desc limit @size offset @offset",
            new { userId, size, offset });

    public static Task<PersonalTokenRow?> PersonalAsync(DbSession session, long userId, long id) =>
        session.FirstOrDefaultAsync<PersonalTokenRow>(
            $"{SelectPersonal} where user_id = @userId and kind = 'personal' and id = @id", new { userId, id });

    public static Task<int> DeletePersonalAsync(DbSession session, long userId, long id) => session.ExecuteAsync(
        "delete from tokens where user_id = @userId and kind = 'personal' and id = @id", new { userId, id });

    /// <summary>The scopes of all of a person's tokens, one text for each token.</summary>
    public static Task<List<string>> ScopesAsync(DbSession session, long userId) =>
        session.QueryAsync<string>("select scopes from tokens where user_id = @userId and kind = 'personal'", new { userId });

    /// <summary>Deletes tokens that this server made itself and marked with a note.</summary>
    public static Task DeleteNotedAsync(DbSession session, long userId, string note) =>
        session.ExecuteAsync("delete from tokens where user_id = @userId and note = @note", new { userId, note });

    public static Task DeleteOfCodespaceAsync(DbSession session, long codespaceId) =>
        session.ExecuteAsync("delete from tokens where codespace_id = @codespaceId and kind = 'codespace'", new { codespaceId });

    /// <summary>Deletes personal tokens and the workflow tokens made with them. A codespace's token ends with its codespace.</summary>
    public static Task<int> DeleteAllAsync(DbSession session, long userId) => session.ExecuteAsync(
        "delete from tokens where user_id = @userId and kind in ('personal', 'workflow')", new { userId });

    /// <summary>Inserts a token with a new secret, whose hash nobody else has.</summary>
    public static async Task<long> InsertAsync(DbSession session, NewTokenRow token) =>
        await TryInsertAsync(session, token) ?? throw new InvalidOperationException("two secrets of 256 random bits are equal");

    /// <summary>Returns null when there is already a token with this hash.</summary>
    public static Task<long?> TryInsertAsync(DbSession session, NewTokenRow token) => session.FirstOrDefaultAsync<long?>(
        """
        insert into tokens (kind, hash, user_id, repository_id, codespace_id, minter_token_id, note, scopes, patterns, packages, run, ref,
          trust_id, commit_id, environment, event, created_at, expires_at)
        values (@Kind, @Hash, @UserId, @RepositoryId, @CodespaceId, @MinterTokenId, @Note, @Scopes, @Patterns, @Packages, @Run, @Ref,
          @TrustId, @CommitId, @Environment, @Event, @CreatedAt, @ExpiresAt)
        on conflict (hash) do nothing
        returning id
        """,
        token);

    /// <summary>Deletes tokens that were made for ID tokens, since the repository has another owner now.</summary>
    public static Task DeleteExchangedAsync(DbSession session, long repositoryId) => session.ExecuteAsync(
        "delete from tokens where repository_id = @repositoryId and kind = 'workflow' and trust_id is not null", new { repositoryId });

    /// <summary>Deletes workflow tokens that ended long ago, since there are thousands of them and nobody needs the old ones.</summary>
    public static Task DeleteEndedWorkflowTokensAsync(DbSession session, long repositoryId, DateTimeOffset before) => session.ExecuteAsync(
        "delete from tokens where repository_id = @repositoryId and kind = 'workflow' and expires_at < @before",
        new { repositoryId, before });

    /// <summary>Ends the workflow tokens whose minter may no longer write to their repository.</summary>
    public static async Task EndWithoutWriteAsync(DbSession session)
    {
        var minters = await AccessDecisions.PeopleAsync(
            session, "select distinct user_id, repository_id from tokens where kind = 'workflow' and user_id is not null");
        foreach (var lost in minters.Where(minter => !AccessRules.MayWrite(minter.Standing)))
        {
            await session.ExecuteAsync(
                "delete from tokens where kind = 'workflow' and user_id = @UserId and repository_id = @repositoryId",
                new { lost.UserId, repositoryId = lost.Repository.Id });
        }
    }

    /// <summary>Writes at most hourly, so that reading does not write each time.</summary>
    public static Task TouchAsync(DbSession session, long id, DateTimeOffset now) => session.ExecuteAsync(
        "update tokens set last_used_at = @now where id = @id and (last_used_at is null or last_used_at < @before)",
        new { id, now, before = now - TimeSpan.FromHours(1) });

    private const string SelectPersonal = "select id, note, scopes, patterns, created_at, expires_at, last_used_at from tokens";

    /// <summary>
    /// A workflow token needs a minter who may write to the repository, and a codespace token a creator who may read it. This is checked at
    /// every use too, so that no token outlives the role, even one that was made while the role was being removed.
    /// </summary>
    private static async Task<TokenRow?> WithRoleAsync(DbSession session, TokenRow? row)
    {
        if (row is not { Kind: "workflow" or "codespace", RepositoryId: { } repositoryId, UserId: { } userId }
            || await AccessDecisions.RepositoryAsync(session, userId, repositoryId) is not { } on)
        {
            return row;
        }

        return row with { UserLostRole = !(row.Kind == "workflow" ? AccessRules.MayWrite(on.Standing) : AccessRules.MayRead(on.Standing)) };
    }
}
