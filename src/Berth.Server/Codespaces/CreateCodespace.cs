using Berth.Client.Wire;
using Berth.Server.Access;
using Berth.Server.Api;
using Berth.Server.Audit;
using Berth.Server.Codespaces.Defaults;
using Berth.Server.Codespaces.Git;
using Berth.Server.Codespaces.Permissions;
using Berth.Server.Database;
using Berth.Server.Http;

namespace Berth.Server.Codespaces;

/// <summary>Makes the row of a new codespace. The reconciler starts it.</summary>
internal sealed class CreateCodespace(
    Db db, TimeProvider time, CodespaceHost host, CodespacePermissions permissions, Reconciler reconciler, Machines machines,
    CodespaceOptions options, AuditLog audit)
{
    public async Task<Codespace> RunAsync(
        ApiCaller caller, RepositoryFacts repository, NewCodespace wanted, CancellationToken cancellationToken)
    {
        var (userId, login) = (caller.User.UserId, caller.User.Login);
        await CodespaceAccessTable.DemandAsync(db, repository, userId, login, cancellationToken);
        var reference = CloneRepository.BranchOf(wanted.Ref);
        var optsOut = wanted.MultiRepoPermissionsOptOut ?? false;
        if (!optsOut)
        {
            await permissions.DemandAsync(repository, userId, login, reference, wanted.DevcontainerPath, cancellationToken);
        }

        var now = time.GetUtcNow();
        var codespace = new Codespace
        {
            Name = CodespaceNames.Create(login, repository.Name),
            DisplayName = wanted.DisplayName,
            OwnerId = userId,
            OwnerLogin = login,
            RepositoryId = repository.Id,
            RepositoryFullName = repository.FullName,
            Ref = reference,
            DevcontainerPath = string.IsNullOrEmpty(wanted.DevcontainerPath) ? null : wanted.DevcontainerPath,
            PermissionsOptOut = optsOut,
            Machine = string.IsNullOrEmpty(wanted.Machine) ? await DefaultMachineAsync(userId, cancellationToken) : wanted.Machine,
            Host = host.Name,
            Desired = CodespaceDesire.Available,
            State = CodespaceState.Queued,
            Attempt = Codespace.FirstAttempt,
            IdleTimeoutMinutes = wanted.IdleTimeoutMinutes ?? Codespace.DefaultIdleTimeoutMinutes,
            RetentionPeriodMinutes = wanted.RetentionPeriodMinutes ?? Codespace.LongestRetentionMinutes,
            CreatedAt = now,
            UpdatedAt = now,
            LastUsedAt = now,
        };
        var most = (long)options.MaxCodespacesPerUser;
        var id = await db.WriteAsync(
            async session =>
            {
                if (await CodespaceTable.CountAsync(session, userId, null) >= most)
                {
                    return 0;
                }

                await audit.RecordAsync(session, caller.Actor, codespace, "create");
                return await CodespaceTable.InsertAsync(session, codespace);
            },
            cancellationToken);
        if (id == 0)
        {
            throw new ApiException(
                new ApiError(
                    403, "FORBIDDEN",
                    $"you have {most} codespaces, which is as many as one user may have here; delete one: berth codespace delete NAME"));
        }

        reconciler.Wake(id);
        return codespace with { Id = id };
    }

    /// <summary>The machine of the person's settings, if this host still offers it.</summary>
    private async Task<string> DefaultMachineAsync(long userId, CancellationToken cancellationToken) =>
        (await db.ReadAsync(session => CodespaceSettingsTable.FindAsync(session, userId), cancellationToken)).DefaultMachine is { } name
            && machines.Find(name) is { } machine
            ? machine.Name
            : machines.Default.Name;
}
