using Berth.Server.Codespaces.Connections;
using Berth.Server.Codespaces.Devcontainers;
using Berth.Server.Codespaces.Dotfiles;
using Berth.Server.Codespaces.Engine;
using Berth.Server.Codespaces.Environment;
using Berth.Server.Codespaces.Expansion;
using Berth.Server.Faults;

namespace Berth.Server.Codespaces.Steps;

/// <summary>
/// Starts the container that people work in and runs its lifecycle commands. The codespace is available when the command that
/// <c>waitFor</c> names has ended. The later commands run after that, and the log has their lines.
/// </summary>
internal sealed class RunContainer(
    IContainerEngine engine, CodespaceConnections connections, EnvironmentContents contents, RunCommand run,
    InstallDotfiles dotfiles, TimeProvider time)
{
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(60);
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(20);
    private const int LastLines = 5;

    /// <param name="started">Called when the container runs, before its commands do.</param>
    /// <exception cref="FaultException">The container does not run. The message says why.</exception>
    public async Task<RunningStart> RunAsync(
        CreatedStart created, Func<CancellationToken, Task> started, CancellationToken cancellationToken)
    {
        var limit = new TimeLimit(Timeout, time, cancellationToken);
        RunningStart? running = null;
        try
        {
            return running = await ExplainedAsync(
                created.Container, limit, () => BeginAsync(created, started, limit, cancellationToken), cancellationToken);
        }
        finally
        {
            if (running is null)
            {
                limit.Dispose();
            }
        }
    }

    /// <param name="limit">The time limit. The rest of the start disposes it.</param>
    private async Task<RunningStart> BeginAsync(
        CreatedStart created, Func<CancellationToken, Task> started, TimeLimit limit, CancellationToken cancellationToken)
    {
        var start = created.Start;
        start.Log.Write("up", "starting the dev container");
        await StartAsync(created.Container, cancellationToken);
        try
        {
            await started(limit.Token);
        }
        catch (FaultException)
        {
            // A service that shares the container's network cannot start when the container has ended, which is the reason to tell.
            await CheckRunsAsync(created.Container, cancellationToken);
            throw;
        }

        var place = await PrepareAsync(created, limit.Token);
        var commands = await CommandsAsync(created, cancellationToken);
        if (commands.Count > 0)
        {
            start.Waits();
        }

        var waited = start.Codespace.IsPrebuild
            ? commands
            : commands.TakeWhile(command => command.Stage <= created.Merged.WaitFor).ToList();
        if (!await RunAsync(created, place, waited, limit.Token))
        {
            commands = waited;
        }

        var later = commands.Skip(waited.Count).ToList();
        if (later.Count > 0 || start.Codespace.IsPrebuild)
        {
            await CheckRunsAsync(created.Container, cancellationToken);
        }

        cancellationToken.ThrowIfCancellationRequested();
        return new RunningStart(
            start.Codespace with
            {
                Image = created.Place.Image,
                ContainerId = created.Container,
                RemoteUser = created.Place.RemoteUser,
                WorkspaceFolder = created.Place.WorkspaceFolder,
                CommandsRunning = later.Count > 0,
                Failure = created.FailedRebuild,
                FromPrebuild = start.Prebuild?.Prebuild.Id,
            },
            async () =>
            {
                using (limit)
                {
                    await ExplainedAsync(
                        created.Container, limit,
                        async () =>
                        {
                            await RunInBackgroundAsync(created, place, later, limit);
                            return true;
                        },
                        cancellationToken);
                }
            });
    }

    private async Task<List<LifecycleCommand>> CommandsAsync(CreatedStart created, CancellationToken cancellationToken)
    {
        if (created.Start.Codespace.IsPrebuild)
        {
            // These commands can run before there is a person.
            return [.. created.Merged.Commands.Where(command => command.Stage <= LifecycleStage.UpdateContent)];
        }

        // A prebuild has already run these commands. If it is of an older commit, the command that brings files up to date runs again.
        var done = created.Start.Prebuild switch
        {
            { IsCurrent: true } => LifecycleStage.UpdateContent,
            { } => LifecycleStage.OnCreate,
            null => (LifecycleStage?)null,
        };
        var commands = created.Merged.Commands
            .Where(command => created.IsNew ? !(command.Stage <= done) : !command.Stage.RunsOnce())
            .ToList();
        if (created.IsNew && await dotfiles.ForAsync(created.Start.Codespace.OwnerId, cancellationToken) is { } own)
        {
            commands.Insert(commands.FindLastIndex(command => command.Stage.RunsOnce()) + 1, own);
        }

        return commands;
    }

    /// <summary>Runs the commands, and when they are cut off, throws the real reason.</summary>
    private async Task<T> ExplainedAsync<T>(
        string container, TimeLimit limit, Func<Task<T>> run, CancellationToken cancellationToken)
    {
        try
        {
            return await run();
        }
        catch (OperationCanceledException) when (limit.HasExpired && !cancellationToken.IsCancellationRequested)
        {
            throw new FaultException(
                FaultKind.TimedOut, $"the commands of the dev container took longer than {Timeout.TotalMinutes:0} minutes and were ended");
        }
        catch (Exception exception) when (exception is EngineException or IOException && !cancellationToken.IsCancellationRequested)
        {
            // If the container has ended, that is the reason, not what the engine says about a process in it.
            await CheckRunsAsync(container, cancellationToken);
            throw;
        }
    }

    private async Task StartAsync(string container, CancellationToken cancellationToken)
    {
        try
        {
            await engine.StartAsync(container, cancellationToken);
        }
        catch (EngineException exception) when (exception.Status is >= 400)
        {
            throw new FaultException(
                FaultKind.Container, $"the container engine cannot start the dev container: {exception.Message}",
                exception.Message.Contains("/bin/sh", StringComparison.Ordinal)
                    ? "use an image that has a shell at /bin/sh, which dev containers need"
                    : "mend what the engine names, then start the codespace again");
        }
    }

    /// <summary>Puts Berth's files into the container and asks the user's shell for its environment.</summary>
    private async Task<CommandPlace> PrepareAsync(CreatedStart created, CancellationToken cancellationToken)
    {
        var (user, merged) = (created.Place.RemoteUser, created.Merged);
        var container = await CheckRunsAsync(created.Container, cancellationToken);
        var probe = new ProbeEnvironment(merged.UserEnvProbe);
        var answer = await created.Start.Environment.EnterAsync(container, user, probe.Question, cancellationToken);
        var probed = probe.Read(answer, container, user, created.Start.Log.Write);
        var variables = new ContainerVariables(
            container, created.Place.WorkspaceFolder, created.Start.Codespace.Name, new ExpansionBudget(cancellationToken));
        var remote = RemoteEnvironment.Of(probed, merged, variables);
        await contents.RememberAsync(created.Start.Codespace, remote, cancellationToken);
        var environment = ProcessEnvironment.Of(remote, created.Start.Environment.Variables);
        return new CommandPlace(container.Id, user, created.Place.WorkspaceFolder, environment, variables);
    }

    /// <returns>False when a command failed. The commands after it do not run then.</returns>
    private async Task<bool> RunAsync(
        CreatedStart created, CommandPlace place, IEnumerable<LifecycleCommand> commands, CancellationToken cancellationToken)
    {
        foreach (var command in commands)
        {
            if (await run.RunAsync(place, command, line => created.Start.Log.Write("up", line), cancellationToken) is { } failure)
            {
                await CheckRunsAsync(created.Container, cancellationToken);
                if (created.Start.Codespace.IsPrebuild)
                {
                    // A prebuild with a failed command is no base to go on from.
                    throw new FaultException(FaultKind.Container, failure);
                }

                created.Start.Log.Write("up", $"{failure} The codespace is available all the same.");
                return false;
            }
        }

        return true;
    }

    /// <summary>
    /// Runs commands in the background. While a new container's commands run, the codespace counts as used. Commands of every start may be
    /// a server that runs forever, so they neither count as use nor have a time limit.
    /// </summary>
    private async Task RunInBackgroundAsync(
        CreatedStart created, CommandPlace place, IEnumerable<LifecycleCommand> commands, TimeLimit limit)
    {
        foreach (var stage in commands.GroupBy(command => command.Stage))
        {
            if (!stage.Key.RunsOnce())
            {
                limit.Lift();
            }

            var running = RunAsync(created, place, stage, limit.Token);
            while (stage.Key.RunsOnce() && await Task.WhenAny(running, Task.Delay(Look, time, limit.Token)) != running)
            {
                if (limit.Token.IsCancellationRequested)
                {
                    break;
                }

                await connections.TouchAsync(created.Start.Codespace.Id, limit.Token);
            }

            if (!await running)
            {
                return;
            }
        }
    }

    /// <exception cref="FaultException">The container's main process has ended. The message has its last output.</exception>
    private async Task<EngineContainer> CheckRunsAsync(string id, CancellationToken cancellationToken)
    {
        var container = await engine.ContainerAsync(id, cancellationToken)
            ?? throw new FaultException(FaultKind.Container, "the dev container was removed during the start", "start the codespace again");
        if (container.Running)
        {
            return container;
        }

        var lines = await engine.LastLinesAsync(id, LastLines, cancellationToken);
        var words = lines.Count == 0 ? "" : "; its last words: " + string.Join(" | ", lines);
        throw new FaultException(
            FaultKind.Container,
            $"the dev container ended during the start (exit code {container.ExitCode}{words}): its main process did, or the container "
                + "engine stopped it",
            "start the codespace again; a command that does not last is replaced by one that does, such as sleep infinity, or by "
                + "overrideCommand: true");
    }
}
