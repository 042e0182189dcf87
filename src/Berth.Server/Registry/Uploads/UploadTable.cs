using Berth.Server.Database;
using Berth.Server.Registry.Authorization;
using Berth.Server.Storage;

namespace Berth.Server.Registry.Uploads;

/// <summary>An upload that was begun. How far it has come is known by the upload store alone.</summary>
internal sealed record UploadRow
{
    public string Id { get; init; } = "";

    public string Algorithm { get; init; } = "";

    public DateTimeOffset StartedAt { get; init; }

    public StorageKey Key => StorageKey.Parse(Id);
}

/// <summary>SQL over uploads in progress.</summary>
internal static class UploadTable
{
    public static Task InsertAsync(DbSession session, StorageKey key, long packageId, string principal, string algorithm, DateTimeOffset now) =>
        session.ExecuteAsync(
            """
            insert into uploads (id, package_id, principal, algorithm, started_at) values (@id, @packageId, @principal, @algorithm, @now)
            """,
            new { id = key.Value, packageId, principal, algorithm, now });

    /// <summary>Only under the name it was begun for, and only for whoever began it.</summary>
    public static Task<UploadRow?> FindAsync(DbSession session, StorageKey key, RegistryAccess access) => session.FirstOrDefaultAsync<UploadRow>(
        """
        select u.id, u.algorithm, u.started_at from uploads u join packages p on p.id = u.package_id
        where u.id = @id and u.principal = @principal and p.owner_id = @ownerId and p.type = @type and p.name = @name
        """,
        new
        {
            id = key.Value,
            principal = access.Principal.Key,
            ownerId = access.Facts.Owner?.Id,
            type = access.Name.Address.Type,
            name = access.Name.Address.Name,
        });

    /// <summary>False when it was gone already: finished, cancelled or expired meanwhile.</summary>
    public static async Task<bool> DeleteAsync(DbSession session, StorageKey key) =>
        await session.ExecuteAsync("delete from uploads where id = @id", new { id = key.Value }) > 0;
}
