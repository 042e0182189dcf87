using Berth.Server.Database;

namespace Berth.Server.Secrets;

/// <summary>A secret without its value.</summary>
internal sealed record SecretRow
{
    public long Id { get; init; }

    public string Level { get; init; } = "";

    public string Name { get; init; } = "";

    public string Visibility { get; init; } = "";

    public long Version { get; init; }

    public DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset UpdatedAt { get; init; }
}

/// <summary>The secrets tables. Only <see cref="ValuesAsync"/> returns values, for codespaces and checks.</summary>
internal static class SecretTable
{
    private const string Columns = "id, level, name, visibility, version, created_at, updated_at";
    private const string OfOwner = "(account_id = @AccountId or repository_id = @RepositoryId)";

    public static Task<SecretRow?> FindAsync(DbSession session, SecretOwner owner, SecretName name) =>
        session.FirstOrDefaultAsync<SecretRow>(
            $"select {Columns} from secrets where {OfOwner} and name = @name",
            new { owner.AccountId, owner.RepositoryId, name = name.Value });

    public static Task<List<SecretRow>> ListAsync(DbSession session, SecretOwner owner, int limit, int offset) =>
        session.QueryAsync<SecretRow>(
            $"select {Columns} from secrets where {OfOwner} order by name limit @limit offset @offset",
            new { owner.AccountId, owner.RepositoryId, limit, offset });

    public static Task<long> CountAsync(DbSession session, SecretOwner owner) => session.SingleAsync<long>(
        $"select count(*) from secrets where {OfOwner}", new { owner.AccountId, owner.RepositoryId });

    public static Task<long> InsertAsync(
        DbSession session, SecretOwner owner, SecretName name, string visibility, byte[] value, long version, string createdBy,
        DateTimeOffset now) =>
        session.SingleAsync<long>(
            """
            insert into secrets (level, account_id, repository_id, name, visibility, value, version, created_by, created_at, updated_at)
            values (@LevelName, @AccountId, @RepositoryId, @name, @visibility, @value, @version, @createdBy, @now, @now) returning id
            """,
            new { owner.LevelName, owner.AccountId, owner.RepositoryId, name = name.Value, visibility, value, version, createdBy, now });

    /// <summary>Without a value only the visibility changes.</summary>
    public static Task UpdateAsync(DbSession session, long id, string visibility, byte[]? value, long version, DateTimeOffset now) =>
        session.ExecuteAsync(
            "update secrets set visibility = @visibility, value = coalesce(@value, value), version = @version, updated_at = @now where id "
                + "= @id",
            new { id, visibility, value, version, now });

    public static async Task<bool> DeleteAsync(DbSession session, SecretOwner owner, SecretName name) => await session.ExecuteAsync(
        $"delete from secrets where {OfOwner} and name = @name", new { owner.AccountId, owner.RepositoryId, name = name.Value }) > 0;

    public static Task<List<long>> RepositoriesAsync(DbSession session, long secretId) => session.QueryAsync<long>(
        "select repository_id from secret_repositories where secret_id = @secretId order by repository_id", new { secretId });

    public static async Task ReplaceRepositoriesAsync(DbSession session, long secretId, IEnumerable<long> repositories)
    {
        await session.ExecuteAsync("delete from secret_repositories where secret_id = @secretId", new { secretId });
        foreach (var repositoryId in repositories.Distinct())
        {
            await AddRepositoryAsync(session, secretId, repositoryId);
        }
    }

    public static Task AddRepositoryAsync(DbSession session, long secretId, long repositoryId) => session.ExecuteAsync(
        "insert into secret_repositories (secret_id, repository_id) values (@secretId, @repositoryId) on conflict do nothing",
        new { secretId, repositoryId });

    public static Task RemoveRepositoryAsync(DbSession session, long secretId, long repositoryId) => session.ExecuteAsync(
        "delete from secret_repositories where secret_id = @secretId and repository_id = @repositoryId", new { secretId, repositoryId });

    /// <summary>Reads every secret that could reach a codespace of this user and repository, with what decides whether it does.</summary>
    public static Task<List<SecretValueRow>> ValuesAsync(DbSession session, long userId, long repositoryId, long organizationId) =>
        session.QueryAsync<SecretValueRow>(
            """
            select s.level, coalesce(s.account_id, s.repository_id) as owner_id, s.name, s.visibility, s.value, s.version,
                   (select count(*) from secret_repositories r where r.secret_id = s.id and r.repository_id = @repositoryId) as selections
            from secrets s
            where (s.level = 'user' and s.account_id = @userId)
               or (s.level = 'repository' and s.repository_id = @repositoryId)
               or (s.level = 'organization' and s.account_id = @organizationId)
            order by s.name
            """,
            new { userId, repositoryId, organizationId });

    /// <summary>Reads every registry secret of one owner, as for a codespace that gets all of them.</summary>
    public static Task<List<SecretValueRow>> RegistryValuesAsync(
        DbSession session, SecretOwner owner) => session.QueryAsync<SecretValueRow>(
        $"""
        select level, coalesce(account_id, repository_id) as owner_id, name, visibility, value, version, 1 as selections
        from secrets where {OfOwner} and level = @LevelName and name like '%_CONTAINER_REGISTRY_%' order by name
        """,
        new { owner.AccountId, owner.RepositoryId, owner.LevelName });
}

/// <summary>A secret with its encrypted value.</summary>
internal sealed record SecretValueRow
{
    public string Level { get; init; } = "";

    public long OwnerId { get; init; }

    public string Name { get; init; } = "";

    public string Visibility { get; init; } = "";

    public byte[] Value { get; init; } = [];

    public long Version { get; init; }

    public long Selections { get; init; }
}
