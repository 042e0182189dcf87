using Berth.Server.Database;
using Berth.Server.Cryptography;

namespace Berth.Server.Repositories.Cloning;

/// <summary>A stored credential. Its password is encrypted.</summary>
internal sealed record CloneCredentialRow
{
    public long Id { get; init; }

    public long RepositoryId { get; init; }

    /// <summary>The user whose codespaces use it. Null: everybody's codespaces do.</summary>
    public long? UserId { get; init; }

    public string Origin { get; init; } = "";

    public string Username { get; init; } = "";

    public byte[] Value { get; init; } = [];

    public long Version { get; init; }

    public DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset UpdatedAt { get; init; }

    /// <summary>What the password is bound to. An id is never used twice.</summary>
    public static SecretIdentity Identity(long repositoryId, long? userId, string origin, long version) =>
        new("clone", repositoryId, $"{userId ?? 0}/{origin}", version);
}

/// <summary>The credentials for private git servers. A repository has one, and each user may have one for it.</summary>
internal static class CloneCredentialTable
{
    private const string Columns = "id, repository_id, user_id, origin, username, value, version, created_at, updated_at";

    public static Task<CloneCredentialRow?> FindAsync(DbSession session, long repositoryId, long? userId) =>
        session.FirstOrDefaultAsync<CloneCredentialRow>(
            $"select {Columns} from clone_credentials where repository_id = @repositoryId and coalesce(user_id, 0) = @userId",
            new { repositoryId, userId = userId ?? 0 });

    /// <summary>Whether the user has a credential of their own for any repository of the owner.</summary>
    public static async Task<bool> HasOwnAsync(DbSession session, long userId, long ownerId) => await session.SingleAsync<long>(
        """
        select count(*) from clone_credentials c join repositories r on r.id = c.repository_id
        where c.user_id = @userId and r.owner_id = @ownerId
        """,
        new { userId, ownerId }) > 0;

    public static async Task ReplaceAsync(
        DbSession session, long repositoryId, long? userId, string origin, string username, byte[] value, long version, string by,
        DateTimeOffset now)
    {
        var before = await FindAsync(session, repositoryId, userId);
        await DeleteAsync(session, repositoryId, userId);
        await session.ExecuteAsync(
            """
            insert into clone_credentials (repository_id, user_id, origin, username, value, version, created_by, created_at, updated_at)
            values (@repositoryId, @userId, @origin, @username, @value, @version, @by, @createdAt, @now)
            """,
            new { repositoryId, userId, origin, username, value, version, by, createdAt = before?.CreatedAt ?? now, now });
    }

    public static async Task<bool> DeleteAsync(DbSession session, long repositoryId, long? userId) => await session.ExecuteAsync(
        "delete from clone_credentials where repository_id = @repositoryId and coalesce(user_id, 0) = @userId",
        new { repositoryId, userId = userId ?? 0 }) > 0;

    /// <summary>Deletes everybody's credentials, since the repository has another clone URL now, or another owner.</summary>
    public static Task DropAsync(DbSession session, long repositoryId) =>
        session.ExecuteAsync("delete from clone_credentials where repository_id = @repositoryId", new { repositoryId });
}

/// <summary>The credentials' data keys, for a rotation of the master key.</summary>
internal sealed class CloneCredentialRows : IWrappedRows
{
    public Task<long> CountAsync(DbSession session) => session.SingleAsync<long>("select count(*) from clone_credentials");

    public Task<List<WrappedRow>> ReadAsync(DbSession session, long after, int limit) => session.QueryAsync<WrappedRow>(
        """
        select id, value, 'secret/clone/' || repository_id || '/' || coalesce(user_id, 0) || '/' || origin || '/' || version as purpose
        from clone_credentials where id > @after order by id limit @limit
        """,
        new { after, limit });

    public byte[]? Rewrap(WrappedRow row, MasterKey masterKey) => Envelope.Rewrap(row.Value, row.Purpose, masterKey);

    public Task<int> ReplaceAsync(DbSession session, WrappedRow row, byte[] value) => session.ExecuteAsync(
        "update clone_credentials set value = @value where id = @Id and value = @old", new { value, row.Id, old = row.Value });
}
