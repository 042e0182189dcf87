using Berth.Server.Database;

namespace Berth.Server.Codespaces.Prebuilds;

/// <summary>The table of prebuild configurations.</summary>
internal static class PrebuildConfigurationTable
{
    private const string Select = """
        select f.id, f.repository_id, o.login || '/' || r.name as repository_full_name, f.owner_id, u.login as owner_login, f.branch,
               r.default_branch, f.devcontainer_path, f.machine, f.on_push, f.schedule, f.enabled, f.kept, f.again, f.next_run_at,
               f.created_at, f.updated_at
        from prebuild_configurations f
        join repositories r on r.id = f.repository_id
        join accounts o on o.id = r.owner_id
        join accounts u on u.id = f.owner_id
        """;

    public static Task<PrebuildConfiguration?> FindAsync(DbSession session, long id) =>
        session.FirstOrDefaultAsync<PrebuildConfiguration>($"{Select} where f.id = @id", new { id });

    public static Task<PrebuildConfiguration?> FindAsync(DbSession session, long repositoryId, long id) =>
        session.FirstOrDefaultAsync<PrebuildConfiguration>(
            $"{Select} where f.id = @id and f.repository_id = @repositoryId", new { id, repositoryId });

    public static Task<PrebuildConfiguration?> FindAsync(DbSession session, long repositoryId, string branch, string path) =>
        session.FirstOrDefaultAsync<PrebuildConfiguration>(
            $"{Select} where f.repository_id = @repositoryId and f.branch = @branch and f.devcontainer_path = @path",
            new { repositoryId, branch, path });

    public static Task<List<PrebuildConfiguration>> OfRepositoryAsync(DbSession session, long repositoryId) =>
        session.QueryAsync<PrebuildConfiguration>($"{Select} where f.repository_id = @repositoryId order by f.id", new { repositoryId });

    /// <summary>The configurations that are due, and those that are to run again.</summary>
    public static Task<List<PrebuildConfiguration>> WaitingAsync(DbSession session, DateTimeOffset now) =>
        session.QueryAsync<PrebuildConfiguration>(
            $"{Select} where f.enabled = true and (f.next_run_at <= @now or f.again is not null) order by f.id", new { now });

    public static Task<long> InsertAsync(DbSession session, PrebuildConfiguration configuration) => session.SingleAsync<long>(
        """
        insert into prebuild_configurations
            (repository_id, owner_id, branch, devcontainer_path, machine, on_push, schedule, enabled, kept, next_run_at, created_at,
             updated_at)
        values (@RepositoryId, @OwnerId, @Branch, @DevcontainerPath, @Machine, @OnPush, @Schedule, @Enabled, @Kept, @NextRunAt, @CreatedAt,
                @CreatedAt)
        returning id
        """,
        configuration);

    public static Task UpdateAsync(DbSession session, PrebuildConfiguration configuration) => session.ExecuteAsync(
        """
        update prebuild_configurations set owner_id = @OwnerId, machine = @Machine, on_push = @OnPush, schedule = @Schedule,
               enabled = @Enabled, kept = @Kept, next_run_at = @NextRunAt, updated_at = @UpdatedAt
        where id = @Id
        """,
        configuration);

    /// <summary>
    /// Moves a due configuration to its next time. If several servers try, only one succeeds, and that one makes the prebuild.
    /// </summary>
    public static async Task<bool> TakeTurnAsync(DbSession session, PrebuildConfiguration configuration, DateTimeOffset? next) =>
        await session.ExecuteAsync(
            "update prebuild_configurations set next_run_at = @next where id = @Id and next_run_at = @NextRunAt",
            new { next, configuration.Id, configuration.NextRunAt }) == 1;

    /// <summary>Records that another prebuild is to be made when the present one has ended. Null: that one has begun.</summary>
    public static Task SetAgainAsync(DbSession session, long id, string? cause) =>
        session.ExecuteAsync("update prebuild_configurations set again = @cause where id = @id", new { id, cause });

    public static Task DeleteAsync(DbSession session, long id) =>
        session.ExecuteAsync("delete from prebuild_configurations where id = @id", new { id });
}
