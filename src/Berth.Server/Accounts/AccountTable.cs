using Berth.Server.Api;
using Berth.Server.Database;

namespace Berth.Server.Accounts;

/// <summary>A stored user or organization.</summary>
internal sealed record AccountRow
{
    public long Id { get; init; }

    public string Kind { get; init; } = "user";

    public string Login { get; init; } = "";

    public string? Name { get; init; }

    public string? Email { get; init; }

    public bool SiteAdmin { get; init; }

    public DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset UpdatedAt { get; init; }

    public bool IsOrganization => Kind == "organization";
}

/// <summary>All SQL on accounts themselves.</summary>
internal static class AccountTable
{
    public const string Columns = "a.id, a.kind, a.login, a.name, a.email, a.site_admin, a.created_at, a.updated_at";

    public static Task<AccountRow?> FindAsync(DbSession session, string login) => session.FirstOrDefaultAsync<AccountRow>(
        $"select {Columns} from accounts a where a.folded = @folded", new { folded = login.ToLowerInvariant() });

    /// <summary>Null also when the login is an organization's.</summary>
    public static async Task<AccountRow?> FindUserAsync(DbSession session, string login) =>
        await FindAsync(session, login) is { IsOrganization: false } user ? user : null;

    public static Task<AccountRow?> FindAsync(DbSession session, long id) =>
        session.FirstOrDefaultAsync<AccountRow>($"select {Columns} from accounts a where a.id = @id", new { id });

    /// <summary>Returns null when a user or an organization has the login.</summary>
    public static Task<long?> InsertAsync(DbSession session, string kind, string login, string? name, string? email, DateTimeOffset now) =>
        session.FirstOrDefaultAsync<long?>(
            """
            insert into accounts (kind, login, folded, name, email, created_at, updated_at)
            values (@kind, @login, @folded, @name, @email, @now, @now) on conflict (folded) do nothing
            returning id
            """,
            new { kind, login, folded = login.ToLowerInvariant(), name, email, now });

    /// <summary>Returns the account of the first administrator, and creates it when it is missing.</summary>
    public static async Task<long> EnsureSiteAdminAsync(DbSession session, string login, DateTimeOffset now)
    {
        await session.ExecuteAsync(
            """
            insert into accounts (kind, login, folded, site_admin, created_at, updated_at)
            values ('user', @login, @login, @yes, @now, @now) on conflict (folded) do nothing
            """,
            new { login, yes = true, now });
        return await session.SingleAsync<long>("select id from accounts where folded = @login", new { login });
    }

    public static async Task<Page<AccountRow>> ListAsync(DbSession session, string kind, long since, Paging paging)
    {
        var total = await session.SingleAsync<long>(
            "select count(*) from accounts where kind = @kind and id > @since", new { kind, since });
        var rows = await session.QueryAsync<AccountRow>(
            $"select {Columns} from accounts a where a.kind = @kind and a.id > @since order by a.id limit @size offset @offset",
            new { kind, since, size = paging.Size, offset = paging.Offset });
        return new Page<AccountRow>(rows, total);
    }

    public static Task UpdateProfileAsync(DbSession session, long id, string? name, string? email, DateTimeOffset now) =>
        session.ExecuteAsync(
            "update accounts set name = coalesce(@name, name), email = coalesce(@email, email), updated_at = @now where id = @id",
            new { id, name, email, now });

    /// <summary>
    /// Marks the account as changed. If <paramref name="setsName"/> is true, the name is replaced. A null removes it then.
    /// </summary>
    public static Task ChangeAsync(DbSession session, long id, bool setsName, string? name, DateTimeOffset now) => session.ExecuteAsync(
        "update accounts set name = case when @setsName = @yes then @name else name end, updated_at = @now where id = @id",
        new { id, setsName, name, now, yes = true });

    public static Task SetSiteAdminAsync(DbSession session, long id, bool siteAdmin, DateTimeOffset now) => session.ExecuteAsync(
        "update accounts set site_admin = @siteAdmin, updated_at = @now where id = @id", new { id, siteAdmin, now });

    /// <summary>Whether no other account administers the site.</summary>
    public static async Task<bool> IsLastSiteAdminAsync(DbSession session, long id) => await session.SingleAsync<long>(
        "select count(*) from accounts where site_admin = @yes and id <> @id", new { yes = true, id }) == 0;

    public static Task<long> CountCodespacesAsync(DbSession session, long ownerId) =>
        session.SingleAsync<long>("select count(*) from codespaces where owner_id = @ownerId", new { ownerId });

    /// <summary>Organizations whose only owner is the user.</summary>
    public static Task<List<string>> OnlyOwnerOfAsync(DbSession session, long userId) => session.QueryAsync<string>(
        """
        select a.login from memberships m join accounts a on a.id = m.organization_id
        where m.user_id = @userId and m.role = 'admin'
          and not exists (select 1 from memberships o where o.organization_id = m.organization_id and o.role = 'admin'
            and o.user_id <> @userId)
        order by a.folded
        """,
        new { userId });

    /// <summary>Deletes the account with everything that belongs to it.</summary>
    public static Task DeleteAsync(DbSession session, long id) => session.ExecuteAsync("delete from accounts where id = @id", new { id });
}
