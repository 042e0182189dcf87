using Berth.Server.Database;

namespace Berth.Server.Codespaces.Dotfiles;

/// <summary>A person's dotfiles.</summary>
internal sealed record DotfilesRow
{
    public string Repository { get; init; } = "";

    public DateTimeOffset UpdatedAt { get; init; }
}

/// <summary>The table of people's dotfiles, which are installed in new containers of their codespaces.</summary>
internal static class DotfilesTable
{
    public static Task<DotfilesRow?> FindAsync(DbSession session, long userId) => session.FirstOrDefaultAsync<DotfilesRow>(
        "select repository, updated_at from codespace_dotfiles where user_id = @userId", new { userId });

    public static Task StoreAsync(DbSession session, long userId, string repository, DateTimeOffset now) => session.ExecuteAsync(
        """
        insert into codespace_dotfiles (user_id, repository, updated_at) values (@userId, @repository, @now)
        on conflict (user_id) do update set repository = excluded.repository, updated_at = excluded.updated_at
        """,
        new { userId, repository, now });

    /// <returns>False when the person had none.</returns>
    public static async Task<bool> DeleteAsync(DbSession session, long userId) =>
        await session.ExecuteAsync("delete from codespace_dotfiles where user_id = @userId", new { userId }) > 0;
}
