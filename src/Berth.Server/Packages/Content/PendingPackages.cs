using Berth.Server.Access;
using Berth.Server.Database;
using Berth.Server.Http;

namespace Berth.Server.Packages.Content;

/// <summary>
/// Names that have blobs and no manifest yet. A pending name belongs to its uploader, and nobody else sees it. Several people may have a
/// pending name of the same package at once. The first manifest decides whose becomes the package.
/// </summary>
internal static class PendingPackages
{
    /// <summary>Returns the live package if there is one. Otherwise returns the caller's pending row, and creates it when needed.</summary>
    /// <remarks>The pending row stays locked until the transaction ends. What is added to it now is either there before a first publish
    /// moves everything to the live package, or waits for that and then finds the live package.</remarks>
    public static async Task<long> EnsureAsync(DbSession session, Principal principal, PackageSubject facts, DateTimeOffset now)
    {
        if (facts.Owner is null)
        {
            throw new ApiException(
                new ApiError(404, "NAME_UNKNOWN", "the account that the name begins with is gone").With(facts.Address.Owner));
        }

        if (await LookAsync(session, principal, facts) is { } found)
        {
            if (found.State == "live")
            {
                return found.Id;
            }

            if (await LockPendingAsync(session, principal, facts, now) is { } held)
            {
                return held;
            }
        }

        await session.ExecuteAsync(
            """
            insert into packages (owner_id, type, name, state, uploader, created_at, updated_at)
            select @ownerId, @type, @name, 'pending', @uploader, @now, @now
            where not exists (select 1 from packages where owner_id = @ownerId and type = @type and name = @name and state = 'live')
            on conflict (owner_id, type, name, uploader) where state = 'pending' do update set updated_at = @now
            """,
            Key(principal, facts, now));
        return (await FindAsync(session, principal, facts))!.Value;
    }

    /// <summary>Returns the live package, else the caller's pending row, else null.</summary>
    public static async Task<long?> FindAsync(DbSession session, Principal principal, PackageSubject facts) =>
        (await LookAsync(session, principal, facts))?.Id;

    /// <summary>Returns the caller's pending row, even if a live package has the same name.</summary>
    public static Task<long?> FindOwnAsync(DbSession session, Principal principal, PackageSubject facts) =>
        session.FirstOrDefaultAsync<long?>(
            "select id from packages where owner_id = @ownerId and type = @type and name = @name and state = 'pending' and uploader = "
                + "@uploader",
            Key(principal, facts, default));

    /// <summary>Moves what the caller uploaded under the pending name to the live package.</summary>
    public static async Task MergeAsync(DbSession session, Principal principal, PackageSubject facts, long live, DateTimeOffset now)
    {
        if (await LockPendingAsync(session, principal, facts, now) is not { } pending)
        {
            return;
        }

        await BlobLinkTable.MoveAsync(session, pending, live);
        await UploadTable.MoveAsync(session, pending, live);
        await session.ExecuteAsync("delete from packages where id = @pending and state = 'pending'", new { pending });
    }

    private static Task<NamedPackage?> LookAsync(DbSession session, Principal principal, PackageSubject facts) =>
        session.FirstOrDefaultAsync<NamedPackage>(
            """
            select id, state from packages
            where owner_id = @ownerId and type = @type and name = @name and (state = 'live' or (state = 'pending' and uploader = @uploader))
            order by state limit 1
            """,
            Key(principal, facts, default));

    /// <summary>Locks the caller's pending row, and waits for whoever holds it. Null when it is gone by then.</summary>
    private static Task<long?> LockPendingAsync(DbSession session, Principal principal, PackageSubject facts, DateTimeOffset now) =>
        session.FirstOrDefaultAsync<long?>(
            """
            update packages set updated_at = @now
            where owner_id = @ownerId and type = @type and name = @name and state = 'pending' and uploader = @uploader
            returning id
            """,
            Key(principal, facts, now));

    private static object Key(Principal principal, PackageSubject facts, DateTimeOffset now) => new
    {
        ownerId = facts.Owner?.Id,
        type = facts.Address.Type,
        name = facts.Address.Name,
        uploader = principal.Key,
        now,
    };

    private sealed record NamedPackage
    {
        public long Id { get; init; }

        public string State { get; init; } = "";
    }
}
