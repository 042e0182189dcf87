using Berth.Server.Database;

namespace Berth.Server.Codespaces.Defaults;

/// <summary>A person's settings of codespaces.</summary>
internal sealed record CodespaceSettingsRow
{
    public string? DefaultEditor { get; init; }

    public string? DefaultMachine { get; init; }

    public DateTimeOffset? UpdatedAt { get; init; }
}

/// <summary>The default machine and editor of a person's codespaces.</summary>
internal static class CodespaceSettingsTable
{
    /// <summary>Finds a person's settings. They are empty if the person has never set any.</summary>
    public static async Task<CodespaceSettingsRow> FindAsync(DbSession session, long userId) =>
        await session.FirstOrDefaultAsync<CodespaceSettingsRow>(
            "select default_editor, default_machine, updated_at from codespace_settings where user_id = @userId", new { userId })
            ?? new CodespaceSettingsRow();

    public static Task StoreAsync(DbSession session, long userId, CodespaceSettingsRow row, DateTimeOffset now) => session.ExecuteAsync(
        """
        insert into codespace_settings (user_id, default_editor, default_machine, updated_at)
        values (@userId, @DefaultEditor, @DefaultMachine, @now)
        on conflict (user_id) do update set default_editor = excluded.default_editor, default_machine = excluded.default_machine,
          updated_at = excluded.updated_at
        """,
        new { userId, row.DefaultEditor, row.DefaultMachine, now });
}
