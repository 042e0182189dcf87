using Berth.Server.Database;
using Berth.Server.Authentication;

namespace Berth.Server.Codespaces;

/// <summary>
/// The codespaces table. Users change the desired state. Only the reconciler of the codespace's host writes the actual state, and only for
/// the attempt that it works on, so an old attempt that ends late never overwrites a newer wish.
/// </summary>
internal static class CodespaceTable
{
    private const string Select = """
        select c.id, c.name, c.display_name, c.owner_id, u.login as owner_login, c.repository_id, c.repository_full_name, r.clone_url,
               coalesce(r.submodules, false) as submodules, c.ref, c.devcontainer_path,
               c.permissions_opt_out, c.machine, c.host, c.desired, c.state, c.failure, c.image,
                 c.container_id, c.remote_user, c.workspace_folder,
               c.rebuild, c.attempt, c.commands_running, c.idle_timeout_minutes, c.retention_period_minutes, c.retention_expires_at,
                 c.stop_notice,
               c.git_ref, c.git_ahead, c.git_behind, c.git_unpushed, c.git_uncommitted, c.is_prebuild,
               c.from_prebuild, c.created_at, c.updated_at, c.last_used_at
        from codespaces c
        join accounts u on u.id = c.owner_id
        left join repositories r on r.id = c.repository_id
        """;

    /// <summary>The codespaces that people see: not those that are being deleted, and no prebuilds.</summary>
    private const string Persons = "c.desired <> 'deleted' and c.is_prebuild = false";

    public static Task<long> InsertAsync(DbSession session, Codespace codespace) => session.SingleAsync<long>(
        """
        insert into codespaces
            (name, display_name, owner_id, repository_id, repository_full_name, ref, devcontainer_path, permissions_opt_out, machine, host,
              desired, state, attempt,
             idle_timeout_minutes, retention_period_minutes, is_prebuild, created_at, updated_at, last_used_at)
        values (@Name, @DisplayName, @OwnerId, @RepositoryId, @RepositoryFullName, @Ref, @DevcontainerPath, @PermissionsOptOut, @Machine,
          @Host, @Desired, @State, @Attempt,
             @IdleTimeoutMinutes, @RetentionPeriodMinutes, @IsPrebuild, @CreatedAt, @CreatedAt, @CreatedAt)
        returning id
        """,
        codespace);

    public static Task<Codespace?> FindAsync(DbSession session, long id) =>
        session.FirstOrDefaultAsync<Codespace>($"{Select} where c.id = @id", new { id });

    /// <summary>Finds a codespace of any owner, also one that is being deleted.</summary>
    public static Task<Codespace?> FindAsync(DbSession session, string name) =>
        session.FirstOrDefaultAsync<Codespace>($"{Select} where c.name = @name", new { name });

    /// <summary>Finds a codespace of one owner. One that is being deleted counts as gone.</summary>
    public static Task<Codespace?> FindAsync(DbSession session, long ownerId, string name) =>
        session.FirstOrDefaultAsync<Codespace>(
            $"{Select} where c.name = @name and c.owner_id = @ownerId and {Persons}", new { ownerId, name });

    public static Task<List<Codespace>> ListAsync(
        DbSession session, long ownerId, long? repositoryId, int limit, long offset) => session.QueryAsync<Codespace>(
        $"""
        {Select}
        where c.owner_id = @ownerId and {Persons} and (@all = 1 or c.repository_id = @repositoryId)
        order by c.last_used_at desc, c.id desc limit @limit offset @offset
        """,
        new { ownerId, repositoryId = repositoryId ?? 0, all = repositoryId is null ? 1 : 0, limit, offset });

    public static Task<long> CountAsync(DbSession session, long ownerId, long? repositoryId) => session.SingleAsync<long>(
        $"select count(*) from codespaces c where c.owner_id = @ownerId and {Persons} and (@all = 1 or c.repository_id = @repositoryId)",
        new { ownerId, repositoryId = repositoryId ?? 0, all = repositoryId is null ? 1 : 0 });

    /// <summary>Lists the codespaces of an organization's repositories, perhaps of one user only.</summary>
    public static Task<List<Codespace>> OfOrganizationAsync(DbSession session, long organizationId, long? userId, int limit, long offset) =>
        session.QueryAsync<Codespace>(
            $"""
            {Select}
            where r.owner_id = @organizationId and {Persons} and (@all = 1 or c.owner_id = @userId)
            order by c.last_used_at desc, c.id desc limit @limit offset @offset
            """,
            new { organizationId, userId = userId ?? 0, all = userId is null ? 1 : 0, limit, offset });

    public static Task<long> CountOfOrganizationAsync(DbSession session, long organizationId, long? userId) => session.SingleAsync<long>(
        $"""
        select count(*) from codespaces c join repositories r on r.id = c.repository_id
        where r.owner_id = @organizationId and {Persons} and (@all = 1 or c.owner_id = @userId)
        """,
        new { organizationId, userId = userId ?? 0, all = userId is null ? 1 : 0 });

    /// <summary>Lists all codespaces whose files lie on one host.</summary>
    public static Task<List<Codespace>> AllOfHostAsync(DbSession session, string host) =>
        session.QueryAsync<Codespace>($"{Select} where c.host = @host", new { host });

    /// <summary>Lists the codespaces of one host that need work or have to be watched.</summary>
    public static Task<List<Codespace>> OfHostAsync(DbSession session, string host, DateTimeOffset now) => session.QueryAsync<Codespace>(
        $"""
        {Select}
        where c.host = @host and (c.desired = 'deleted' or c.state not in ('Shutdown', 'Failed') or c.retention_expires_at <= @now
          or (c.is_prebuild = true and c.desired = 'available'))
        """,
        new { host, now });

    /// <summary>Marks the codespace for deletion when its retention period is over. True when it did.</summary>
    public static async Task<bool> ExpireAsync(DbSession session, long id, DateTimeOffset now) => await session.ExecuteAsync(
        """
        update codespaces set desired = 'deleted', updated_at = @now
        where id = @id and state in ('Shutdown', 'Failed') and retention_expires_at <= @now and desired <> 'deleted'
        """,
        new { id, now }) == 1;

    /// <summary>Asks for a start. False when the codespace is starting, running, or being deleted.</summary>
    public static async Task<bool> WantStartAsync(DbSession session, long id, DateTimeOffset now) => await session.ExecuteAsync(
        """
        update codespaces set desired = 'available', state = case when container_id is null then 'Queued' else 'Starting' end,
               failure = null, stop_notice = null, retention_expires_at = null, attempt = attempt + 1, updated_at = @now,
                 last_used_at = @now
        where id = @id and desired <> 'deleted' and state in ('Shutdown', 'Failed')
        """,
        new { id, now }) == 1;

    /// <summary>A new container from the configuration as it is in the workspace now; the workspace stays.</summary>
    public static Task WantRebuildAsync(DbSession session, long id, DateTimeOffset now) => session.ExecuteAsync(
        """
        update codespaces set desired = 'available', state = 'Queued', failure = null, stop_notice = null, retention_expires_at = null,
          rebuild = true, attempt = attempt + 1,
               updated_at = @now, last_used_at = @now
        where id = @id and desired <> 'deleted'
        """,
        new { id, now });

    /// <summary>Writes the values that the change names. A shorter retention period counts from the last stop.</summary>
    public static Task ChangeAsync(DbSession session, long id, CodespaceChange change, DateTimeOffset now) => session.ExecuteAsync(
        """
        update codespaces set display_name = case when @SetsDisplayName = @yes then @DisplayName else display_name end,
               machine = coalesce(@Machine, machine), idle_timeout_minutes = coalesce(@IdleTimeoutMinutes, idle_timeout_minutes),
               retention_expires_at = retention_expires_at + (coalesce(@RetentionPeriodMinutes,
                 retention_period_minutes) - retention_period_minutes) * 60000,
               retention_period_minutes = coalesce(@RetentionPeriodMinutes, retention_period_minutes), updated_at = @now
        where id = @id
        """,
        new
        {
            id,
            change.SetsDisplayName,
            change.DisplayName,
            change.Machine,
            change.IdleTimeoutMinutes,
            change.RetentionPeriodMinutes,
            now,
            yes = true,
        });

    public static Task GitStatusAsync(DbSession session, long id, GitStatus.Known known) => session.ExecuteAsync(
        """
        update codespaces set git_ref = @Ref, git_ahead = @Ahead, git_behind = @Behind, git_uncommitted = @Uncommitted,
          git_unpushed = @unpushed where id = @id
        """,
        new { id, known.Ref, known.Ahead, known.Behind, known.Uncommitted, unpushed = known.Ahead is { } ahead ? ahead > 0 : (bool?)null });

    /// <summary>Asks for a stop. The token ends now, not when the container does.</summary>
    public static async Task WantStopAsync(DbSession session, long id, DateTimeOffset now, string? notice = null)
    {
        await session.ExecuteAsync(
            """
            update codespaces set desired = 'shutdown', state =
              case when state in ('Shutdown', 'Failed') then state else 'ShuttingDown' end,
                   stop_notice = @notice, updated_at = @now
            where id = @id and desired <> 'deleted'
            """,
            new { id, now, notice });
        await TokenTable.DeleteOfCodespaceAsync(session, id);
    }

    public static async Task WantDeletionAsync(DbSession session, long id, DateTimeOffset now)
    {
        await session.ExecuteAsync("update codespaces set desired = 'deleted', updated_at = @now where id = @id", new { id, now });
        await TokenTable.DeleteOfCodespaceAsync(session, id);
    }

    public static Task TouchAsync(DbSession session, long id, DateTimeOffset now) =>
        session.ExecuteAsync("update codespaces set last_used_at = @now where id = @id", new { id, now });

    public static Task ProvisioningAsync(DbSession session, Codespace codespace, DateTimeOffset now) => session.ExecuteAsync(
        "update codespaces set state = 'Provisioning', updated_at = @now where id = @Id and attempt = @Attempt and state = 'Queued'",
        new { codespace.Id, codespace.Attempt, now });

    /// <summary>
    /// Records a failed start. It leaves no token, and is kept for at least a day because of its log. The wish stays: it says that the user
    /// wanted the codespace to run.
    /// </summary>
    public static async Task FailedAsync(DbSession session, Codespace codespace, string failure, DateTimeOffset now)
    {
        await session.ExecuteAsync(
            """
            update codespaces set state = 'Failed', failure = @failure, 
                   retention_expires_at = @now +
                     case when retention_period_minutes < 1440 then 1440 else retention_period_minutes end * 60000, updated_at = @now
            where id = @Id and attempt = @Attempt and desired = 'available'
            """,
            new { codespace.Id, codespace.Attempt, failure, now });
        await TokenTable.DeleteOfCodespaceAsync(session, codespace.Id);
    }

    /// <summary>
    /// Records that the codespace is available. If it goes on as it was after a failed rebuild, the row says why that failed.
    /// </summary>
    /// <returns>False when somebody has asked for something else meanwhile.</returns>
    public static async Task<bool> AvailableAsync(DbSession session, Codespace codespace, DateTimeOffset now) => await session.ExecuteAsync(
        """
        update codespaces set state = 'Available', failure = @Failure, image = @Image, container_id = @ContainerId,
          remote_user = @RemoteUser,
               workspace_folder = @WorkspaceFolder, commands_running = @CommandsRunning, rebuild = false,
               from_prebuild = coalesce(@FromPrebuild, from_prebuild), updated_at = @now, last_used_at = @now
        where id = @Id and attempt = @Attempt and desired = 'available'
        """,
        new
        {
            codespace.Id,
            codespace.Attempt,
            codespace.Image,
            codespace.ContainerId,
            codespace.RemoteUser,
            codespace.WorkspaceFolder,
            codespace.CommandsRunning,
            codespace.FromPrebuild,
            codespace.Failure,
            now,
        }) == 1;

    /// <summary>Records that no command of this attempt's start runs in the background any more.</summary>
    public static Task CommandsEndedAsync(DbSession session, Codespace codespace) => session.ExecuteAsync(
        "update codespaces set commands_running = false where id = @Id and attempt = @Attempt", new { codespace.Id, codespace.Attempt });

    /// <summary>Records that the codespace has stopped, whether anybody asked for it or not. Its token ends too.</summary>
    public static async Task ShutDownAsync(DbSession session, Codespace codespace, DateTimeOffset now)
    {
        await session.ExecuteAsync(
            """
            update codespaces set state = 'Shutdown', desired = case when retention_period_minutes = 0 then 'deleted' else 'shutdown' end,
                   retention_expires_at = @now + retention_period_minutes * 60000, updated_at = @now
            where id = @Id and attempt = @Attempt and desired <> 'deleted'
            """,
            new { codespace.Id, codespace.Attempt, now });
        await TokenTable.DeleteOfCodespaceAsync(session, codespace.Id);
    }

    public static async Task DeleteAsync(DbSession session, long id, DateTimeOffset now)
    {
        await session.ExecuteAsync("delete from codespaces where id = @id", new { id });
        await CodespaceContainerTable.ForgetStartsAsync(session, now);
    }
}

/// <summary>A change to a codespace. A null leaves the column as it is, unless a flag says that null is the new value.</summary>
internal sealed record CodespaceChange
{
    public bool SetsDisplayName { get; init; }

    public string? DisplayName { get; init; }

    public string? Machine { get; init; }

    public long? IdleTimeoutMinutes { get; init; }

    public long? RetentionPeriodMinutes { get; init; }
}
