using Berth.Server.Database;

namespace Berth.Server.Tokens;

/// <summary>The tokens table. A row that is gone, or whose minter is gone, stands for nobody from that moment.</summary>
internal static class TokenTable
{
    private const string Select = """
        select t.id, t.kind, t.hash, t.user_id, u.login, coalesce(u.site_admin, false) as site_admin,
               t.repository_id, o.login || '/' || r.name as repository, t.codespace_id, c.name as codespace,
               t.scopes, t.patterns, t.packages, t.expires_at, m.expires_at as minter_expires_at, t.last_used_at
        from tokens t
        left join accounts u on u.id = t.user_id
        left join repositories r on r.id = t.repository_id
        left join accounts o on o.id = r.owner_id
        left join codespaces c on c.id = t.codespace_id
        left join tokens m on m.id = t.minter_token_id
        """;

    public static Task<TokenRow?> FindAsync(DbSession session, byte[] hash) =>
        session.FirstOrDefaultAsync<TokenRow>($"{Select} where t.hash = @hash", new { hash });

    public static Task<TokenRow?> FindAsync(DbSession session, long id) =>
        session.FirstOrDefaultAsync<TokenRow>($"{Select} where t.id = @id", new { id });

    public static Task<long> InsertAsync(DbSession session, NewToken token) => session.SingleAsync<long>(
        """
        insert into tokens (kind, hash, user_id, repository_id, codespace_id, minter_token_id, note, scopes, patterns, packages, run, ref, created_at, expires_at)
        values (@Kind, @Hash, @UserId, @RepositoryId, @CodespaceId, @MinterTokenId, @Note, @Scopes, @Patterns, @Packages, @Run, @Ref, @CreatedAt, @ExpiresAt)
        returning id
        """,
        token);

    /// <summary>At most hourly, so that reading does not write.</summary>
    public static Task TouchAsync(DbSession session, long id, DateTimeOffset now) => session.ExecuteAsync(
        "update tokens set last_used_at = @now where id = @id and (last_used_at is null or last_used_at < @before)",
        new { id, now, before = now - TimeSpan.FromHours(1) });
}
