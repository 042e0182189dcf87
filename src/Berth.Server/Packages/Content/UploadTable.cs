using Berth.Server.Access;
using Berth.Server.Database;
using Berth.Server.Storage;

namespace Berth.Server.Packages.Content;

/// <summary>An upload that was begun. Only the upload store knows how many bytes it has.</summary>
internal sealed record UploadRow
{
    public string Id { get; init; } = "";

    public string Algorithm { get; init; } = "";

    public DateTimeOffset StartedAt { get; init; }

    public StorageKey Key => StorageKey.Parse(Id);
}

/// <summary>SQL on uploads in progress.</summary>
internal static class UploadTable
{
    public static Task InsertAsync(
        DbSession session, StorageKey key, long packageId, string principal, string algorithm, DateTimeOffset now) =>
        session.ExecuteAsync(
            """
            insert into uploads (id, package_id, principal, algorithm, started_at) values (@id, @packageId, @principal, @algorithm, @now)
            """,
            new { id = key.Value, packageId, principal, algorithm, now });

    /// <summary>Finds the upload only under the name that it was begun for, and only for its uploader.</summary>
    public static Task<UploadRow?> FindAsync(DbSession session, StorageKey key, Principal principal, PackageSubject facts) =>
        session.FirstOrDefaultAsync<UploadRow>(
            """
            select u.id, u.algorithm, u.started_at from uploads u join packages p on p.id = u.package_id
            where u.id = @id and u.principal = @principal and p.owner_id = @ownerId and p.type = @type and p.name = @name
            """,
            new
            {
                id = key.Value,
                principal = principal.Key,
                ownerId = facts.Owner?.Id,
                type = facts.Address.Type,
                name = facts.Address.Name,
            });

    /// <summary>Returns false when it was gone already: finished, cancelled or expired meanwhile.</summary>
    public static async Task<bool> DeleteAsync(DbSession session, StorageKey key) =>
        await session.ExecuteAsync("delete from uploads where id = @id", new { id = key.Value }) > 0;

    /// <summary>Moves uploads that were begun under a pending name to the live package.</summary>
    public static Task MoveAsync(DbSession session, long pending, long live) =>
        session.ExecuteAsync("update uploads set package_id = @live where package_id = @pending", new { live, pending });
}
