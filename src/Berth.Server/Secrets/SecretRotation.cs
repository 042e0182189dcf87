using Berth.Server.Database;
using Berth.Server.Cryptography;

namespace Berth.Server.Secrets;

/// <summary>The owners' secret keys, for a rotation of the master key.</summary>
internal sealed class SecretKeyRows : IWrappedRows
{
    public Task<long> CountAsync(DbSession session) => session.SingleAsync<long>("select count(*) from secret_keys");

    public Task<List<WrappedRow>> ReadAsync(DbSession session, long after, int limit) => session.QueryAsync<WrappedRow>(
        """
        select id, secret_key as value,
               'secret-key/' || case when repository_id is null then 'account/' else 'repository/' end || coalesce(account_id,
                 repository_id) as purpose
        from secret_keys where id > @after order by id limit @limit
        """,
        new { after, limit });

    public Task<int> ReplaceAsync(DbSession session, WrappedRow row, byte[] value) => session.ExecuteAsync(
        "update secret_keys set secret_key = @value where id = @Id and secret_key = @old", new { value, row.Id, old = row.Value });

    /// <summary>
    /// Somebody who had the master key may have the key pairs too. So owners get new ones when they next ask, and the old ones open boxes
    /// for a week.
    /// </summary>
    public Task BeginAsync(DbSession session, DateTimeOffset now) =>
        session.ExecuteAsync("update secret_keys set retired_at = @now where retired_at is null", new { now });
}

/// <summary>The secrets' data keys, for a rotation of the master key.</summary>
internal sealed class SecretRows : IWrappedRows
{
    public Task<long> CountAsync(DbSession session) => session.SingleAsync<long>("select count(*) from secrets");

    public Task<List<WrappedRow>> ReadAsync(DbSession session, long after, int limit) => session.QueryAsync<WrappedRow>(
        """
        select id, value, 'secret/' || level || '/' || coalesce(account_id, repository_id) || '/' || name || '/' || version as purpose
        from secrets where id > @after order by id limit @limit
        """,
        new { after, limit });

    public byte[]? Rewrap(WrappedRow row, MasterKey masterKey) => Envelope.Rewrap(row.Value, row.Purpose, masterKey);

    public Task<int> ReplaceAsync(DbSession session, WrappedRow row, byte[] value) => session.ExecuteAsync(
        "update secrets set value = @value where id = @Id and value = @old", new { value, row.Id, old = row.Value });
}
