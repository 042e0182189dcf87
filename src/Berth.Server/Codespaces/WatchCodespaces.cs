using System.Collections.Concurrent;
using Berth.Server.Access;
using Berth.Server.Codespaces.Engine;
using Berth.Server.Codespaces.Environment;
using Berth.Server.Database;

namespace Berth.Server.Codespaces;

/// <summary>
/// Looks at this host's codespaces every few seconds. It finds those that have ended by themselves, lost their right, been idle or kept
/// for too long, and containers that run although no row wants them.
/// </summary>
internal sealed class WatchCodespaces(
    Db db, TimeProvider time, AccessDecisions access, CodespaceContainers containers, CodespaceHost host, CodespaceRows rows,
    EnvironmentContents inside, RefreshLogins refresh)
{
    private readonly ConcurrentDictionary<long, byte> _strays = new();

    public async Task RunOnceAsync(Action<long> wake, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        foreach (var codespace in await db.ReadAsync(session => CodespaceTable.OfHostAsync(session, host.Name, now), cancellationToken))
        {
            if (codespace is { IsPrebuild: false, Desired: CodespaceDesire.Available, State: CodespaceState.Available })
            {
                await WatchAsync(codespace, wake, cancellationToken);
                if (codespace.CommandsRunning)
                {
                    wake(codespace.Id);
                }

                continue;
            }

            if (codespace is { State: CodespaceState.Shutdown or CodespaceState.Failed } && codespace.Desired != CodespaceDesire.Deleted)
            {
                await rows.ExpireAsync(codespace, cancellationToken);
            }

            wake(codespace.Id);
        }

        await FindStraysAsync(wake, cancellationToken);
    }

    /// <summary>True once for a codespace that should be stopped, but whose container was seen running.</summary>
    public bool TakeUnexpectedlyRunning(long codespace) => _strays.TryRemove(codespace, out _);

    /// <summary>
    /// Checks a running codespace: may its creator still read the repository, does its container still exist, and is it in use?
    /// </summary>
    private async Task WatchAsync(Codespace codespace, Action<long> wake, CancellationToken cancellationToken)
    {
        // Check the right first: the codespace ends whatever the engine says, and a container that cannot be stopped now is found later.
        var standing = codespace.RepositoryId is { } repository
            ? await access.RepositoryAsync(codespace.OwnerId, repository, cancellationToken)
            : null;
        if (standing is null || !AccessRules.MayRead(standing.Standing))
        {
            await EndAsync(
                codespace,
                codespace.RepositoryId is null
                    ? $"{codespace.RepositoryFullName} was deleted"
                    : $"{codespace.OwnerLogin} can no longer read {codespace.RepositoryFullName}",
                cancellationToken);
            return;
        }

        EngineContainer? container;
        try
        {
            container = await containers.FindAsync(codespace, cancellationToken);
        }
        catch (EngineException)
        {
            // If the engine does not answer, nothing is known about the container.
            return;
        }

        if (container is not { Running: true })
        {
            var reason = container is null ? "the container is gone" : $"the container has ended (exit code {container.ExitCode})";
            await rows.ShutDownAsync(codespace, reason, cancellationToken);

            // The stop also takes down what is beside the container: mounts and the environment.
            _strays[codespace.Id] = 0;
            wake(codespace.Id);
        }
        else if (time.GetUtcNow() - codespace.LastUsedAt > TimeSpan.FromMinutes(codespace.IdleTimeoutMinutes))
        {
            var notice = $"stopped after {codespace.IdleTimeoutMinutes} minutes without use";
            await rows.WantStopAsync(codespace, notice, cancellationToken);
            wake(codespace.Id);
        }
        else
        {
            await inside.KeepAsync(container, cancellationToken);
            await refresh.RunAsync(codespace, cancellationToken);
        }
    }

    private async Task EndAsync(Codespace codespace, string reason, CancellationToken cancellationToken)
    {
        await rows.LogAsync(codespace, "failed", reason);

        // From here on the container is a stray.
        await rows.FailedAsync(codespace, reason, cancellationToken);
    }

    /// <summary>
    /// Finds containers of this host that run although nobody wants them: the engine was away when they were to stop, or somebody started
    /// them by hand. One that was made for a codespace that is gone is removed. One that Berth did not make is left alone, whatever its
    /// labels say.
    /// </summary>
    private async Task FindStraysAsync(Action<long> wake, CancellationToken cancellationToken)
    {
        IReadOnlyList<OwnedContainer> all;
        try
        {
            all = await containers.OfHostAsync(cancellationToken);
        }
        catch (EngineException)
        {
            return;
        }

        // A row is written before its containers are made, so a container without a row was left over by a deletion.
        var rowsNow = (await rows.AllOfHostAsync(host.Name, cancellationToken)).ToDictionary(
            codespace => codespace.Name, StringComparer.Ordinal);
        foreach (var (container, name) in all)
        {
            if (name is null)
            {
                continue;
            }

            if (!rowsNow.TryGetValue(name, out var codespace))
            {
                await containers.RemoveAsync(container.Id, cancellationToken);
            }
            else if (container.Running && codespace.State is CodespaceState.Shutdown or CodespaceState.Failed)
            {
                _strays[codespace.Id] = 0;
                wake(codespace.Id);
            }
        }
    }
}
