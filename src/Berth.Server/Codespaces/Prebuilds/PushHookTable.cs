using Berth.Server.Cryptography;
using Berth.Server.Database;

namespace Berth.Server.Codespaces.Prebuilds;

/// <summary>A repository's push hook, with its encrypted secret.</summary>
internal sealed record PushHookRow
{
    public long RepositoryId { get; init; }

    public byte[] Value { get; init; } = [];

    public long Version { get; init; }

    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>The identity to which the encrypted secret is bound.</summary>
    public static SecretIdentity Identity(long repositoryId, long version) => new("push", repositoryId, "hook", version);
}

/// <summary>The table of push hooks, whose secrets prove which git server reports a push.</summary>
internal static class PushHookTable
{
    public static Task<PushHookRow?> FindAsync(DbSession session, long repositoryId) => session.FirstOrDefaultAsync<PushHookRow>(
        "select repository_id, value, version, created_at from push_hooks where repository_id = @repositoryId", new { repositoryId });

    public static async Task ReplaceAsync(DbSession session, PushHookRow row)
    {
        await DeleteAsync(session, row.RepositoryId);
        await session.ExecuteAsync(
            "insert into push_hooks (repository_id, value, version, created_at) values (@RepositoryId, @Value, @Version, @CreatedAt)", row);
    }

    public static async Task<bool> DeleteAsync(DbSession session, long repositoryId) =>
        await session.ExecuteAsync("delete from push_hooks where repository_id = @repositoryId", new { repositoryId }) > 0;
}

/// <summary>The hooks' data keys, for a rotation of the master key.</summary>
internal sealed class PushHookRows : IWrappedRows
{
    public Task<long> CountAsync(DbSession session) => session.SingleAsync<long>("select count(*) from push_hooks");

    public Task<List<WrappedRow>> ReadAsync(DbSession session, long after, int limit) => session.QueryAsync<WrappedRow>(
        """
        select id, value, 'secret/push/' || repository_id || '/hook/' || version as purpose
        from push_hooks where id > @after order by id limit @limit
        """,
        new { after, limit });

    public byte[]? Rewrap(WrappedRow row, MasterKey masterKey) => Envelope.Rewrap(row.Value, row.Purpose, masterKey);

    public Task<int> ReplaceAsync(DbSession session, WrappedRow row, byte[] value) => session.ExecuteAsync(
        "update push_hooks set value = @value where id = @Id and value = @old", new { value, row.Id, old = row.Value });
}
