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
/// <c>waitFor</c> names has ended; the later ones go on, with their lines in the log.
/// </summary>
internal sealed class RunContainer(
    IContainerEngine engine, CodespaceConnections connections, EnvironmentContents contents, ProbeEnvironment probe, RunCommand run,
    InstallDotfiles dotfiles, TimeProvider time)
{
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(60);
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(20);
    private const int LastLines = 5;

    /// <summary>
    /// Returns when no command runs any more; people can work in it as soon as the context's <see cref="StartContext.Available"/> was told.
    /// </summary>
    /// <param name="isNew">The container has never run.</param>
    /// <exception cref="FaultException">It does not run; says why.</exception>
    public async Task RunAsync(StartContext context, bool isNew, CancellationToken cancellationToken)
    {
        using var expired = new CancellationTokenSource(Timeout, time);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, expired.Token);
        try
        {
            context.Log.Write("up", "starting the dev container");
            await StartAsync(context.ContainerId, cancellationToken);
            var place = await PrepareAsync(context, ending.Token);
            var commands = context.Merged.Commands.Where(command => isNew || !command.Stage.RunsOnce()).ToList();
            if (isNew && await dotfiles.ForAsync(context.Codespace.OwnerId, cancellationToken) is { } own)
            {
                commands.Insert(commands.FindLastIndex(command => command.Stage.RunsOnce()) + 1, own);
            }

            if (commands.Count > 0)
            {
                context.Waits();
            }

            var waited = commands.TakeWhile(command => command.Stage <= context.Merged.WaitFor).ToList();
            if (!await RunAsync(context, place, waited, ending.Token) || waited.Count == commands.Count)
            {
                await AvailableAsync(context, commandsRunning: false, cancellationToken);
                return;
            }

            await CheckRunsAsync(context.ContainerId, cancellationToken);
            await AvailableAsync(context, commandsRunning: true, cancellationToken);
            await RunInBackgroundAsync(context, place, commands.Skip(waited.Count), expired, ending.Token);
        }
        catch (OperationCanceledException) when (expired.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new FaultException(
                FaultKind.TimedOut, $"the commands of the dev container took longer than {Timeout.TotalMinutes:0} minutes and were ended");
        }
        catch (Exception exception) when (exception is EngineException or IOException && !cancellationToken.IsCancellationRequested)
        {
            // What the engine says of a process in a container that has ended is not why the container has.
            await CheckRunsAsync(context.ContainerId, cancellationToken);
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

    /// <summary>Berth's files are put inside while the user's shell is asked for its environment.</summary>
    private async Task<CommandPlace> PrepareAsync(StartContext context, CancellationToken cancellationToken)
    {
        var (user, merged) = (context.Prepared.RemoteUser, context.Merged);
        var container = await CheckRunsAsync(context.ContainerId, cancellationToken);
        var ready = context.Environment.Ready(container.Id, user, cancellationToken);
        var probed = await probe.RunAsync(container, user, merged.UserEnvProbe, context.Log.Write, cancellationToken);
        var variables = new ContainerVariables(
            container, context.Prepared.WorkspaceFolder, context.Codespace.Name, new ExpansionBudget(cancellationToken));
        var remote = RemoteEnvironment.Of(probed ?? new Dictionary<string, string>(), merged, variables);
        await contents.RememberAsync(context.Codespace, remote, cancellationToken);
        await ready;
        return new CommandPlace(
            container.Id, user, context.Prepared.WorkspaceFolder, ProcessEnvironment.Of(remote, context.Environment.Variables), variables);
    }

    /// <returns>False when one failed: then those after it do not run.</returns>
    private async Task<bool> RunAsync(
        StartContext context, CommandPlace place, IEnumerable<LifecycleCommand> commands, CancellationToken cancellationToken)
    {
        foreach (var command in commands)
        {
            if (await run.RunAsync(place, command, line => context.Log.Write("up", line), cancellationToken) is { } failure)
            {
                await CheckRunsAsync(context.ContainerId, cancellationToken);
                context.Log.Write("up", $"{failure} The codespace is available all the same.");
                return false;
            }
        }

        return true;
    }

    /// <summary>
    /// A new container's commands are use while they run. Those of every start may be a server that runs forever: they are none, and have
    /// no end.
    /// </summary>
    private async Task RunInBackgroundAsync(
        StartContext context, CommandPlace place, IEnumerable<LifecycleCommand> commands, CancellationTokenSource expired,
        CancellationToken cancellationToken)
    {
        foreach (var stage in commands.GroupBy(command => command.Stage))
        {
            if (!stage.Key.RunsOnce())
            {
                expired.CancelAfter(System.Threading.Timeout.InfiniteTimeSpan);
            }

            var running = RunAsync(context, place, stage, cancellationToken);
            while (stage.Key.RunsOnce() && await Task.WhenAny(running, Task.Delay(Look, time, cancellationToken)) != running)
            {
                if (cancellationToken.IsCancellationRequested)
                {
                    break;
                }

                await connections.TouchAsync(context.Codespace.Id, cancellationToken);
            }

            if (!await running)
            {
                return;
            }
        }
    }

    private static Task AvailableAsync(StartContext context, bool commandsRunning, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return context.Available(context.Codespace with
        {
            Image = context.Prepared.Image,
            ContainerId = context.ContainerId,
            RemoteUser = context.Prepared.RemoteUser,
            WorkspaceFolder = context.Prepared.WorkspaceFolder,
            CommandsRunning = commandsRunning,
            Failure = context.FailedRebuild,
        });
    }

    /// <exception cref="FaultException">Its main process has ended; says what it said.</exception>
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
