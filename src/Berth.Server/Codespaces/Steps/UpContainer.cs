using Berth.Server.Codespaces.Connections;
using Berth.Server.Codespaces.Devcontainers;
using Berth.Server.Codespaces.Engine;
using Berth.Server.Codespaces.Gate;
using Berth.Server.Codespaces.Networks;
using Berth.Server.Faults;

namespace Berth.Server.Codespaces.Steps;

/// <summary>
/// Lets <c>devcontainer up</c> at the codespace's own, filtered engine socket, where it waits. The codespace is available when the command
/// that <c>waitFor</c> names has ended; the later ones go on, with their lines in the log.
/// </summary>
internal sealed class UpContainer(
    IContainerEngine engine, CodespaceContainers containers, CodespaceHost host, CodespaceConnections connections, TimeProvider time)
{
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(60);
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(20);

    /// <summary>
    /// Returns when no command runs any more; people can work in it as soon as the context's <see cref="StartContext.Available"/> was told.
    /// </summary>
    /// <exception cref="FaultException">It failed; names what was refused, or what the tools said.</exception>
    public async Task RunAsync(StartContext context, CancellationToken cancellationToken)
    {
        var log = context.Log;
        var commands = new RunningCommands(
            LifecycleCommands.WaitForOf(await File.ReadAllTextAsync(context.Folders.Override, cancellationToken)), context.Waits);
        using var expired = new CancellationTokenSource(Timeout, time);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, expired.Token);
        log.Write("up", "starting the dev container");
        var running = context.Tools.RunAsync(await ScopeAsync(context, cancellationToken), commands.Begins, ending.Token);
        try
        {
            var inBackground = await Task.WhenAny(running, commands.MayGoOn) != running
                && await BeginBackgroundAsync(context, cancellationToken);
            if (inBackground)
            {
                await ExtendWhileCommandsRunAsync(running, commands, context.Codespace.Id, expired, cancellationToken);
            }

            await FinishAsync(context, await running, inBackground, cancellationToken);
        }
        catch (OperationCanceledException) when (expired.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new FaultException(
                FaultKind.TimedOut, $"the commands of the dev container took longer than {Timeout.TotalMinutes:0} minutes and were ended");
        }
        finally
        {
            await ending.CancelAsync();
            await running.ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        }
    }

    /// <returns>False when there is no container, which the tools will have more to say about.</returns>
    private async Task<bool> BeginBackgroundAsync(StartContext context, CancellationToken cancellationToken)
    {
        if (await containers.DevContainerAsync(context.Codespace, cancellationToken) is not { Running: true } container)
        {
            return false;
        }

        await AvailableAsync(context, container.Id, context.Prepared.RemoteUser, commandsRunning: true, cancellationToken);
        return true;
    }

    /// <summary>
    /// A new container's commands are use while they run. Those of every start may be a server that runs forever: they are none, and have
    /// no end.
    /// </summary>
    private async Task ExtendWhileCommandsRunAsync(
        Task running, RunningCommands commands, long codespace, CancellationTokenSource expired, CancellationToken cancellationToken)
    {
        while (await Task.WhenAny(running, Task.Delay(Look, time, cancellationToken)) != running)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (!LifecycleCommands.RunsOnce(commands.Current))
            {
                expired.CancelAfter(System.Threading.Timeout.InfiniteTimeSpan);
                return;
            }

            await connections.TouchAsync(codespace, cancellationToken);
        }
    }

    private async Task FinishAsync(StartContext context, UpResult result, bool inBackground, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var (prepared, log) = (context.Prepared, context.Log);
        if (result is { Failure: { } failure, OnlyCommandFailed: true })
        {
            log.Write("up", $"{failure} The codespace is available all the same.");
        }
        else if (result.Failure is { } reason)
        {
            // Of an image that is gone the tools try a pull, which is refused: that it is gone is the cause.
            throw await engine.ImageAsync(prepared.Image, cancellationToken) is null
                ? new FaultException(StartCodespace.ImageRemoved(prepared.Image))
                : context.Tools.Refusal is { } refusal ? Refused(prepared, refusal)
                : await BrokenOffAsync(context, cancellationToken) is { } cause ? new FaultException(cause)
                : new FaultException(FaultKind.Container, $"devcontainer up failed: {reason}");
        }

        if (!inBackground)
        {
            // Which it is says the record, not the tools.
            var container = await containers.DevContainerAsync(context.Codespace, cancellationToken)
                ?? throw new FaultException(FaultKind.Container, "the dev container is gone");
            await AvailableAsync(
                context, container.Id, result.RemoteUser ?? prepared.RemoteUser, commandsRunning: false, cancellationToken);
        }
    }

    private static async Task AvailableAsync(
        StartContext context, string container, string user, bool commandsRunning, CancellationToken cancellationToken)
    {
        // Where no command ran, nobody has asked for it yet.
        await context.Environment.Ready(container, user, cancellationToken);
        await context.Available(context.Codespace with
        {
            Image = context.Prepared.Image,
            ContainerId = container,
            RemoteUser = user,
            WorkspaceFolder = context.Prepared.WorkspaceFolder,
            CommandsRunning = commandsRunning,
        });
    }

    /// <summary>What befell the start from outside, which the tools report as whatever they were doing; null: nothing.</summary>
    private async Task<Fault?> BrokenOffAsync(StartContext context, CancellationToken cancellationToken)
    {
        if (await containers.DevContainerAsync(context.Codespace, cancellationToken) is not { Running: false } ended)
        {
            return null;
        }

        if (ended.Fault.Length > 0)
        {
            return new Fault(
                FaultKind.Container, $"the container engine cannot start the dev container: {ended.Fault}",
                ended.Fault.Contains("\"/bin/sh\"", StringComparison.Ordinal)
                    ? "use an image that has a shell at /bin/sh, which dev containers need"
                    : "mend what the engine names, then start the codespace again");
        }

        var lines = await engine.LastLinesAsync(ended.Id, LastLines, cancellationToken);
        var words = lines.Count == 0 ? "" : "; its last words: " + string.Join(" | ", lines);
        return new Fault(
            FaultKind.Container,
            $"the dev container ended during the start (exit code {ended.ExitCode}{words}): its main process did, or the container engine "
                + "stopped it",
            "start the codespace again; a command that does not last is replaced by one that does, such as sleep infinity, or by "
                + "overrideCommand: true");
    }

    private async Task<GateScope> ScopeAsync(StartContext context, CancellationToken cancellationToken)
    {
        var codespace = context.Codespace;
        var known = (await containers.OfAsync(codespace, cancellationToken)).Where(container => container.Role == ContainerRole.Dev)
            .Select(container => container.ContainerId);
        return new(codespace.Name, host.Name, context.Prepared.Image, context.Workspace, context.Prepared.MountTarget)
        {
            Containers = new GateContainers(
                await containers.LabelsAsync(codespace, ContainerRole.Dev, cancellationToken), known,
                (id, token) => containers.RecordAsync(codespace, id, ContainerRole.Dev, token)),
            Network = CodespaceNetworks.NameOf(context.Codespace),
            Limits = Machines.LimitsOf(context.Machine).BesideServices(context.Services),
            Additions = context.Additions,
            User = context.ToolsView.User,
            Environment = context.Environment with { Expected = context.Prepared.RemoteUser },
        };
    }

    private static FaultException Refused(PreparedContainer prepared, string refusal) => new(
        FaultKind.Container,
        $"the dev container asks for what a codespace does not get: {refusal} (asked for by devcontainer.json or by the label "
            + $"devcontainer.metadata of the image {prepared.Image})",
        "use an image that does not ask for it");

    private const int LastLines = 5;

    /// <summary>Which lifecycle command runs, and whether what is waited for is behind.</summary>
    private sealed class RunningCommands(string waitFor, Action waits)
    {
        private readonly TaskCompletionSource _mayGoOn = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>Ends when a command begins that is not waited for: all before it have ended well.</summary>
        public Task MayGoOn => _mayGoOn.Task;

        public string Current { get; private set; } = "";

        public void Begins(string command)
        {
            Current = command;
            waits();
            if (LifecycleCommands.IsAfter(command, waitFor))
            {
                _mayGoOn.TrySetResult();
            }
        }
    }
}
