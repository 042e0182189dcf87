using System.Collections.Concurrent;
using Berth.Server.Access;
using Berth.Server.Codespaces.Engine;
using Berth.Server.Codespaces.Environment;
using Berth.Server.Database;

namespace Berth.Server.Codespaces;

/// <summary>
/// The look around at this host's codespaces, every few seconds: what has ended by itself, lost its right, been idle or kept for too long,
/// and what runs on the engine although no row wants it.
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

    /// <summary>True once for a codespace that stands still and whose container was seen running.</summary>
    public bool TakeUnexpectedlyRunning(long codespace) => _strays.TryRemove(codespace, out _);

    /// <summary>A codespace that runs: may its creator still read the repository, is its container still there, is it in use?</summary>
    private async Task WatchAsync(Codespace codespace, Action<long> wake, CancellationToken cancellationToken)
    {
        // The right first: it ends whatever the engine says, and a container that the engine cannot stop now is found later.
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
            // An engine that does not answer says nothing about the container.
            return;
        }

        if (container is not { Running: true })
        {
            var reason = container is null ? "the container is gone" : $"the container has ended (exit code {container.ExitCode})";
            await rows.ShutDownAsync(codespace, reason, cancellationToken);

            // What a stop takes down beside the container: mounts, the environment.
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

        // The container is a stray from here on.
        await rows.FailedAsync(codespace, reason, cancellationToken);
    }

    /// <summary>
    /// Containers of this host that run although nobody wants them: the engine was away when they were to stop, or somebody started them by
    /// hand. One that was made for a codespace that is gone is removed; one that Berth did not make is left alone, whatever it says of
    /// itself.
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

        // Rows are written before containers are made, so a container without one is what a deletion left.
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
