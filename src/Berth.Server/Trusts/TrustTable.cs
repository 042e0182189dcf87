using Berth.Server.Database;

namespace Berth.Server.Trusts;

/// <summary>All SQL on trusts, and on ID tokens that were exchanged.</summary>
internal static class TrustTable
{
    private const string Select = """
        select t.id, t.owner_id, o.login as owner_login, t.repository_id, r.name as repository_name, t.provider, t.issuer, t.audience,
               t.claim, t.value, t.repository_claim, t.ref, t.environment, t.event, t.packages, t.created_by, t.created_at
        from trusts t
        join accounts o on o.id = t.owner_id
        left join repositories r on r.id = t.repository_id
        """;

    public static Task<List<Trust>> OfRepositoryAsync(DbSession session, long repositoryId) =>
        session.QueryAsync<Trust>($"{Select} where t.repository_id = @repositoryId order by t.id", new { repositoryId });

    /// <summary>The trusts of the organization itself, without those of its repositories.</summary>
    public static Task<List<Trust>> OfOrganizationAsync(DbSession session, long ownerId) =>
        session.QueryAsync<Trust>($"{Select} where t.owner_id = @ownerId and t.repository_id is null order by t.id", new { ownerId });

    public static Task<List<Trust>> OfIssuerAsync(DbSession session, string issuer) =>
        session.QueryAsync<Trust>($"{Select} where t.issuer = @issuer order by t.id", new { issuer });

    public static Task<Trust?> FindAsync(DbSession session, long id) =>
        session.FirstOrDefaultAsync<Trust>($"{Select} where t.id = @id", new { id });

    public static Task<long> InsertAsync(DbSession session, Trust trust) => session.SingleAsync<long>(
        """
        insert into trusts (owner_id, repository_id, provider, issuer, audience, claim, value, repository_claim, ref, environment, event,
          packages, created_by, created_at)
        values (@OwnerId, @RepositoryId, @Provider, @Issuer, @Audience, @Claim, @Value, @RepositoryClaim, @Ref, @Environment, @Event,
          @Packages, @CreatedBy, @CreatedAt)
        returning id
        """,
        trust);

    /// <summary>Deletes a trust with every token that was made by it.</summary>
    public static Task DeleteAsync(DbSession session, long id) => session.ExecuteAsync("delete from trusts where id = @id", new { id });

    public static Task DeleteOfRepositoryAsync(DbSession session, long repositoryId) =>
        session.ExecuteAsync("delete from trusts where repository_id = @repositoryId", new { repositoryId });

    /// <summary>The repositories of an owner that have this id at the forge. There is one, unless somebody recorded it twice.</summary>
    public static Task<List<long>> RepositoriesAsync(DbSession session, long ownerId, string externalId) => session.QueryAsync<long>(
        "select id from repositories where owner_id = @ownerId and external_id = @externalId order by id", new { ownerId, externalId });

    /// <summary>
    /// Marks an ID token as used. Returns false when it was marked before. Removes marks of tokens that are too old to be accepted.
    /// </summary>
    public static async Task<bool> UseAsync(DbSession session, byte[] hash, DateTimeOffset expiresAt, DateTimeOffset now)
    {
        await session.ExecuteAsync("delete from used_identities where expires_at < @now", new { now });
        return await session.ExecuteAsync(
            "insert into used_identities (hash, expires_at) values (@hash, @expiresAt) on conflict (hash) do nothing",
            new { hash, expiresAt }) > 0;
    }
}
