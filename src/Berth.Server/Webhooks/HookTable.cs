using Berth.Server.Api;
using Berth.Server.Cryptography;
using Berth.Server.Database;

namespace Berth.Server.Webhooks;

/// <summary>All SQL on hooks themselves.</summary>
internal static class HookTable
{
    private const string Columns =
        "id, organization_id, repository_id, active, events, url, content_type, format, value, version, created_at, updated_at";

    private const string OfPlace = "(organization_id = @OrganizationId or repository_id = @RepositoryId)";

    public static async Task<Page<HookRow>> ListAsync(DbSession session, HookPlace place, Paging paging) => new(
        await session.QueryAsync<HookRow>(
            $"select {Columns} from hooks where {OfPlace} order by id limit @Size offset @Offset",
            new { place.OrganizationId, place.RepositoryId, paging.Size, paging.Offset }),
        await CountAsync(session, place));

    public static Task<long> CountAsync(DbSession session, HookPlace place) =>
        session.SingleAsync<long>($"select count(*) from hooks where {OfPlace}", place);

    public static Task<HookRow?> FindAsync(DbSession session, HookPlace place, long id) => session.FirstOrDefaultAsync<HookRow>(
        $"select {Columns} from hooks where id = @id and {OfPlace}", new { id, place.OrganizationId, place.RepositoryId });

    public static Task<HookRow?> FindAsync(DbSession session, long id) =>
        session.FirstOrDefaultAsync<HookRow>($"select {Columns} from hooks where id = @id", new { id });

    /// <summary>The hooks that are subscribed to a namespace, or to packages of a repository.</summary>
    public static Task<List<HookRow>> HearingAsync(
        DbSession session, IReadOnlyCollection<long> owners, IReadOnlyCollection<long> repositories) =>
        session.QueryAsync<HookRow>(
            $"""
            select {Columns} from hooks where active = @yes and (organization_id in @owners or repository_id in @repositories) order by id
            """,
            new { yes = true, owners = owners.ToArray(), repositories = repositories.ToArray() });

    /// <summary>Inserts a hook without its secret, which is added later because it is bound to the id.</summary>
    public static Task<long> InsertAsync(DbSession session, HookRow row) => session.SingleAsync<long>(
        """
        insert into hooks (organization_id, repository_id, active, events, url, content_type, format, version, created_at, updated_at)
        values (@OrganizationId, @RepositoryId, @Active, @Events, @Url, @ContentType, @Format, @Version, @CreatedAt, @UpdatedAt)
        returning id
        """,
        row);

    public static Task<int> UpdateAsync(DbSession session, HookRow row) => session.ExecuteAsync(
        """
        update hooks set active = @Active, events = @Events, url = @Url, content_type = @ContentType, format = @Format, value = @Value,
          version = @Version, updated_at = @UpdatedAt
        where id = @Id
        """,
        row);

    public static async Task<bool> DeleteAsync(DbSession session, HookPlace place, long id) =>
        await session.ExecuteAsync(
            $"delete from hooks where id = @id and {OfPlace}", new { id, place.OrganizationId, place.RepositoryId }) > 0;
}

/// <summary>The hooks' data keys, for a rotation of the master key.</summary>
internal sealed class HookRows : IWrappedRows
{
    public Task<long> CountAsync(DbSession session) => session.SingleAsync<long>("select count(*) from hooks where value is not null");

    public Task<List<WrappedRow>> ReadAsync(DbSession session, long after, int limit) => session.QueryAsync<WrappedRow>(
        """
        select id, value, 'secret/web/' || id || '/hook/' || version as purpose
        from hooks where id > @after and value is not null order by id limit @limit
        """,
        new { after, limit });

    public byte[]? Rewrap(WrappedRow row, MasterKey masterKey) => Envelope.Rewrap(row.Value, row.Purpose, masterKey);

    public Task<int> ReplaceAsync(DbSession session, WrappedRow row, byte[] value) => session.ExecuteAsync(
        "update hooks set value = @value where id = @Id and value = @old", new { value, row.Id, old = row.Value });
}
