using Berth.Server.Access;
using Berth.Server.Audit;
using Berth.Server.Database;

namespace Berth.Server.Codespaces.Prebuilds;

/// <summary>
/// Makes the row of a prebuild's codespace. The reconciler starts it like any other codespace. A configuration makes one prebuild at a
/// time. Requests that come meanwhile lead to one more prebuild afterwards.
/// </summary>
internal sealed class BeginPrebuild(
    Db db, TimeProvider time, CodespaceHost host, Machines machines, Reconciler reconciler, AuditLog audit)
{
    /// <summary>How long a failed prebuild is kept, for its log.</summary>
    private const long FailedMinutes = 7 * 24 * 60;

    /// <returns>
    /// The prebuild that is being made now, which may be an earlier one. Null when the configuration is gone.
    /// </returns>
    /// <param name="actor">The person who asked for it. Null when a push or the schedule did.</param>
    public async Task<Prebuild?> RunAsync(long configurationId, string cause, ChangeActor? actor, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var (prebuild, isNew) = await db.WriteAsync(
            async session =>
            {
                if (await PrebuildConfigurationTable.FindAsync(session, configurationId) is not { } configuration)
                {
                    return (null, false);
                }

                if (actor is not null && await AccessDecisions.RepositoryAsync(session, null, configuration.RepositoryId) is { } on)
                {
                    await audit.RecordAsync(
                        session, actor,
                        AuditEntry.On(
                            on.Repository, "prebuild_configuration.run_triggered", PrebuildConfiguration.Subject(configurationId)));
                }

                if ((await PrebuildTable.OfConfigurationAsync(session, configurationId)).Find(one => one.IsUnderWay) is { } underWay)
                {
                    await PrebuildConfigurationTable.SetAgainAsync(session, configurationId, cause);
                    return (underWay, false);
                }

                await PrebuildConfigurationTable.SetAgainAsync(session, configurationId, null);
                var id = await CodespaceTable.InsertAsync(session, Codespace(configuration, now));
                await PrebuildTable.InsertAsync(session, id, configurationId, cause);
                return (await PrebuildTable.FindAsync(session, id), true);
            },
            cancellationToken);
        if (isNew)
        {
            reconciler.Wake(prebuild!.Id);
        }

        return prebuild;
    }

    private Codespace Codespace(PrebuildConfiguration configuration, DateTimeOffset now) => new()
    {
        IsPrebuild = true,
        Name = CodespaceNames.Create("prebuild", configuration.RepositoryFullName.Split('/')[^1]),
        OwnerId = configuration.OwnerId,
        OwnerLogin = configuration.OwnerLogin,
        RepositoryId = configuration.RepositoryId,
        RepositoryFullName = configuration.RepositoryFullName,
        Ref = configuration.Branch.Length == 0 ? null : configuration.Branch,
        DevcontainerPath = configuration.DevcontainerPath.Length == 0 ? null : configuration.DevcontainerPath,
        Machine = configuration.Machine.Length == 0 ? machines.Default.Name : configuration.Machine,
        Host = host.Name,
        Desired = CodespaceDesire.Available,
        State = CodespaceState.Queued,
        Attempt = Codespaces.Codespace.FirstAttempt,
        RetentionPeriodMinutes = FailedMinutes,
        CreatedAt = now,
    };
}
