using Berth.Server.Codespaces.Devcontainers;
using Berth.Server.Codespaces.Engine;
using Berth.Server.Codespaces.Gate;
using Berth.Server.Codespaces.Networks;

namespace Berth.Server.Codespaces.Steps;

/// <summary>Runs <c>devcontainer up</c> on the codespace's own, filtered engine socket.</summary>
internal sealed class UpContainer(EngineClient engine, CodespaceHost host, DevcontainerUp up)
{
    /// <returns>The codespace with its container.</returns>
    /// <exception cref="CodespaceFaultException">It failed; names what was refused, or what the tools said.</exception>
    public async Task<Codespace> RunAsync(StartContext context, CancellationToken cancellationToken)
    {
        var (prepared, log) = (context.Prepared, context.Log);
        string? refusal = null;
        UpResult result;
        await using (var gate = new EngineGate(engine.Socket, Scope(context), (call, reason) =>
        {
            refusal = reason;
            log.Write("engine", $"refused {call}: {reason}");
        }))
        {
            log.Write("up", "starting the dev container");
            result = await up.RunAsync(
                context.ToolsView, context.Folders, context.Workspace, gate.SocketPath, $"{GateScope.Label}={context.Codespace.Name}", line => log.Write("up", line), cancellationToken);
        }

        cancellationToken.ThrowIfCancellationRequested();
        if (result is { Failure: { } failure, OnlyCommandFailed: true })
        {
            log.Write("up", $"{failure} The codespace is available all the same.");
        }
        else if (result.Failure is { } reason)
        {
            // Of an image that is gone the tools try a pull, which is refused: that it is gone is the cause.
            throw await engine.ImageAsync(prepared.Image, cancellationToken) is null ? new CodespaceFaultException(StartCodespace.ImageRemoved(prepared.Image))
                : refusal is not null ? Refused(prepared, refusal)
                : await BrokenOffAsync(context, cancellationToken) is { } cause ? new CodespaceFaultException(cause)
                : new CodespaceFaultException($"devcontainer up failed: {reason}");
        }

        // Where no command ran, nobody has asked for it yet.
        var user = result.RemoteUser ?? prepared.RemoteUser;
        await context.Inside.Ready(result.ContainerId!, user, cancellationToken);
        return context.Codespace with
        {
            Image = prepared.Image,
            ContainerId = result.ContainerId,
            RemoteUser = user,
            WorkspaceFolder = prepared.WorkspaceFolder,
        };
    }

    /// <summary>What befell the start from outside, which the tools report as whatever they were doing; null: nothing.</summary>
    private async Task<string?> BrokenOffAsync(StartContext context, CancellationToken cancellationToken)
    {
        foreach (var id in await engine.ContainersAsync(StartCodespace.LabelsOf(context.Codespace, host.Name), cancellationToken))
        {
            if (await engine.ContainerAsync(id, cancellationToken) is { Running: false } ended && ended.Labels.GetValueOrDefault(GateScope.RoleLabel) == GateScope.DevContainer)
            {
                var lines = await engine.LastLinesAsync(id, LastLines, cancellationToken);
                return $"the dev container ended during the start (exit code {ended.ExitCode}{(lines.Count == 0 ? "" : "; its last words: " + string.Join(" | ", lines))}): its main process did, or the container "
                    + "engine stopped it. Remedy: start the codespace again; a command that does not last is replaced by one that does, such as sleep infinity, or by overrideCommand: true";
            }
        }

        return null;
    }

    private GateScope Scope(StartContext context) =>
        new(context.Codespace.Name, host.Name, context.Prepared.Image, context.Workspace, context.Prepared.MountTarget)
        {
            Network = CodespaceNetworks.NameOf(context.Codespace),
            Limits = Machines.LimitsOf(context.Machine).BesideServices(context.Services),
            Additions = context.Additions,
            User = context.ToolsView.User,
            Inside = context.Inside with { Expected = context.Prepared.RemoteUser },
        };

    private static CodespaceFaultException Refused(PreparedContainer prepared, string refusal) => new(
        $"the dev container asks for what a codespace does not get: {refusal} (asked for by devcontainer.json or by the label devcontainer.metadata of the image {prepared.Image}). "
        + "Remedy: use an image that does not ask for it");

    private const int LastLines = 5;
}
