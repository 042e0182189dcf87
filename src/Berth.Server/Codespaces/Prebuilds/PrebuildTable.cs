using Berth.Server.Authentication;
using Berth.Server.Database;

namespace Berth.Server.Codespaces.Prebuilds;

/// <summary>The table of prebuilds, each beside the row of its codespace. If that is being deleted, the prebuild counts as gone.</summary>
internal static class PrebuildTable
{
    private const string Select = """
        select c.id, c.name, p.configuration_id, c.repository_id, c.ref, c.devcontainer_path, p.cause, c.state as codespace_state,
               c.desired, coalesce(c.failure, c.stop_notice) as failure, c.image, p.commit_id, p.configuration_hash, p.image_bytes,
               p.workspace_bytes, p.ready_at, c.created_at, c.updated_at
        from prebuilds p join codespaces c on c.id = p.codespace_id and c.desired <> 'deleted'
        """;

    public static Task InsertAsync(DbSession session, long codespaceId, long configurationId, string cause) => session.ExecuteAsync(
        "insert into prebuilds (codespace_id, configuration_id, cause) values (@codespaceId, @configurationId, @cause)",
        new { codespaceId, configurationId, cause });

    public static Task<Prebuild?> FindAsync(DbSession session, long id) =>
        session.FirstOrDefaultAsync<Prebuild>($"{Select} where c.id = @id", new { id });

    public static Task<Prebuild?> FindAsync(DbSession session, long repositoryId, long id) => session.FirstOrDefaultAsync<Prebuild>(
        $"{Select} where c.id = @id and c.repository_id = @repositoryId and p.configuration_id is not null", new { id, repositoryId });

    /// <summary>The prebuilds of a repository, newest first.</summary>
    public static Task<List<Prebuild>> OfRepositoryAsync(DbSession session, long repositoryId) => session.QueryAsync<Prebuild>(
        $"{Select} where c.repository_id = @repositoryId and p.configuration_id is not null order by c.id desc", new { repositoryId });

    public static Task<List<Prebuild>> OfConfigurationAsync(DbSession session, long configurationId) => session.QueryAsync<Prebuild>(
        $"{Select} where p.configuration_id = @configurationId order by c.id desc", new { configurationId });

    public static Task<List<Prebuild>> OfHostAsync(DbSession session, string host) =>
        session.QueryAsync<Prebuild>($"{Select} where c.host = @host order by c.id desc", new { host });

    /// <summary>The prebuilds of a branch that a new codespace of one host may begin with, newest first.</summary>
    /// <param name="codespace">The new codespace. Its files lie under the repository's name, so that name must be the prebuild's
    /// too.</param>
    public static Task<List<Prebuild>> ReadyAsync(DbSession session, Codespace codespace) =>
        session.QueryAsync<Prebuild>(
            $"""
            {Select}
            join prebuild_configurations f on f.id = p.configuration_id
            join repositories r on r.id = f.repository_id
            where c.host = @Host and f.repository_id = @RepositoryId and c.repository_full_name = @RepositoryFullName
              and f.devcontainer_path = @path and p.ready_at is not null
              and case when f.branch = '' then r.default_branch else f.branch end = coalesce(@Ref, r.default_branch)
            order by p.ready_at desc, c.id desc
            """,
            new
            {
                codespace.Host,
                codespace.RepositoryId,
                codespace.RepositoryFullName,
                codespace.Ref,
                path = codespace.DevcontainerPath ?? "",
            });

    /// <summary>Says whether codespaces of a branch begin with a prebuild: <c>ready</c>, <c>in_progress</c> or <c>none</c>.</summary>
    /// <param name="branch">Empty: the repository's default branch.</param>
    public static async Task<string> AvailabilityAsync(DbSession session, long repositoryId, string branch)
    {
        var all = await session.QueryAsync<Prebuild>(
            $"""
            {Select}
            join prebuild_configurations f on f.id = p.configuration_id
            join repositories r on r.id = f.repository_id
            where f.repository_id = @repositoryId and f.devcontainer_path = ''
              and case when f.branch = '' then r.default_branch else f.branch end
                = case when @branch = '' then r.default_branch else @branch end
            """,
            new { repositoryId, branch });
        return all.Exists(one => one.ReadyAt is not null) ? "ready" : all.Exists(one => one.IsUnderWay) ? "in_progress" : "none";
    }

    /// <summary>Records what the prebuild is made of, before its commands run.</summary>
    public static Task MadeOfAsync(DbSession session, long id, string commit, string hash) => session.ExecuteAsync(
        "update prebuilds set commit_id = @commit, configuration_hash = @hash where codespace_id = @id", new { id, commit, hash });

    /// <summary>Records that only the log of a failed prebuild is left. The log is kept until its retention is over.</summary>
    public static Task SettleFailedAsync(DbSession session, Codespace codespace, DateTimeOffset now) => session.ExecuteAsync(
        """
        update codespaces set desired = 'shutdown', container_id = null, updated_at = @now
        where id = @Id and attempt = @Attempt and desired = 'available'
        """,
        new { codespace.Id, codespace.Attempt, now });

    /// <summary>Records that the prebuild is ready. Its codespace has ended, but is not deleted because of its age.</summary>
    public static async Task ReadyAsync(
        DbSession session, Codespace codespace, string image, long imageBytes, long workspaceBytes, DateTimeOffset now)
    {
        if (await session.ExecuteAsync(
            """
            update codespaces set state = 'Shutdown', desired = 'shutdown', image = @image, container_id = null, commands_running = false,
                   retention_expires_at = null, updated_at = @now
            where id = @Id and attempt = @Attempt and desired = 'available'
            """,
            new { codespace.Id, codespace.Attempt, image, now }) == 1)
        {
            await TokenTable.DeleteOfCodespaceAsync(session, codespace.Id);
            await session.ExecuteAsync(
                """
                update prebuilds set image_bytes = @imageBytes, workspace_bytes = @workspaceBytes, ready_at = @now
                where codespace_id = @Id
                """,
                new { codespace.Id, imageBytes, workspaceBytes, now });
        }
    }
}
