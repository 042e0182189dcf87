using Berth.Server.Access;
using Berth.Server.Database;

namespace Berth.Server.Packages;

/// <summary>
/// Names that have blobs and no manifest yet. A pending name belongs to its uploader and nobody else sees it; several people may
/// have one of the same name at once, and the first manifest decides.
/// </summary>
internal static class PendingPackages
{
    /// <summary>The live package where there is one, else the caller's pending row, made when needed.</summary>
    public static async Task<long> EnsureAsync(DbSession session, Principal principal, PackageFacts facts, DateTimeOffset now)
    {
        if (await FindAsync(session, principal, facts) is { } id)
        {
            return id;
        }

        await session.ExecuteAsync(
            """
            insert into packages (owner_id, type, name, state, uploader, created_at, updated_at)
            values (@ownerId, @type, @name, 'pending', @uploader, @now, @now)
            on conflict (owner_id, type, name, uploader) where state = 'pending' do nothing
            """,
            new { ownerId = facts.Owner!.Id, type = facts.Address.Type, name = facts.Address.Name, uploader = principal.Key, now });
        return (await FindAsync(session, principal, facts))!.Value;
    }

    /// <summary>The live package, else the caller's pending row, else null.</summary>
    public static Task<long?> FindAsync(DbSession session, Principal principal, PackageFacts facts) => session.FirstOrDefaultAsync<long?>(
        """
        select id from packages
        where owner_id = @ownerId and type = @type and name = @name and (state = 'live' or (state = 'pending' and uploader = @uploader))
        order by state limit 1
        """,
        new { ownerId = facts.Owner?.Id, type = facts.Address.Type, name = facts.Address.Name, uploader = principal.Key });

    /// <summary>Moves what the caller uploaded under the pending name into the live package.</summary>
    public static async Task MergeAsync(DbSession session, Principal principal, PackageFacts facts, long live)
    {
        var pending = await session.FirstOrDefaultAsync<long?>(
            "select id from packages where owner_id = @ownerId and type = @type and name = @name and state = 'pending' and uploader = @uploader",
            new { ownerId = facts.Owner!.Id, type = facts.Address.Type, name = facts.Address.Name, uploader = principal.Key });
        if (pending is null)
        {
            return;
        }

        await session.ExecuteAsync(
            """
            insert into blob_links (package_id, blob_id, used_at) select @live, blob_id, used_at from blob_links where package_id = @pending
            on conflict (package_id, blob_id) do nothing
            """,
            new { live, pending });
        await session.ExecuteAsync("update uploads set package_id = @live where package_id = @pending", new { live, pending });
        await session.ExecuteAsync("delete from packages where id = @pending", new { pending });
    }
}
