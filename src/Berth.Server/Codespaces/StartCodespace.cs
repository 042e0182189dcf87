using Berth.Server.Codespaces.Engine;
using Berth.Server.Codespaces.Gate;
using Berth.Server.Codespaces.Steps;
using Berth.Server.Database;

namespace Berth.Server.Codespaces;

/// <summary>One start, from wherever the last one stopped, and how it ended. What it does is in <see cref="StartSteps"/>.</summary>
internal sealed class StartCodespace(Db db, TimeProvider time, EngineClient engine, CodespaceHost host, CodespaceLog logs, StopCodespace stop, StartSteps steps)
{
    /// <exception cref="OperationCanceledException">Somebody wished for something else, or the server stops.</exception>
    public async Task RunAsync(Codespace codespace, CancellationToken cancellationToken)
    {
        await using var log = logs.Open(codespace);
        try
        {
            var started = await StartAsync(codespace, log, cancellationToken);
            log.Write("ready", $"the codespace is available as {started.RemoteUser} in {started.WorkspaceFolder}");
            await log.DisposeAsync();
            await db.WriteAsync(session => CodespaceTable.AvailableAsync(session, started, time.GetUtcNow()), cancellationToken);
        }
        catch (Exception exception) when (exception is CodespaceFaultException or EngineException or IOException or UnauthorizedAccessException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var reason = await CauseAsync(exception, cancellationToken);
            log.Write("failed", reason);
            await log.DisposeAsync();
            await stop.AfterFailureAsync(codespace, CancellationToken.None);
            await db.WriteAsync(session => CodespaceTable.FailedAsync(session, codespace, log.Masked(reason), time.GetUtcNow()), CancellationToken.None);
        }

        logs.Changed(codespace.Id);
    }

    private async Task<Codespace> StartAsync(Codespace codespace, CodespaceLogWriter log, CancellationToken cancellationToken)
    {
        log.Write("start", $"starting {codespace.Name} of {codespace.RepositoryFullName}{(codespace.Ref is null ? "" : $" at {codespace.Ref}")}");
        await db.WriteAsync(session => CodespaceTable.ProvisioningAsync(session, codespace, time.GetUtcNow()), cancellationToken);
        logs.Changed(codespace.Id);
        return await steps.RunAsync(
            new StartContext(codespace, host.Folders(codespace), log), token => stop.RemoveContainersAsync(codespace, token), cancellationToken);
    }

    /// <summary>Whatever an engine that goes away makes of pulls, builds and tools: that it went away is the cause. Likewise an image that somebody removes meanwhile.</summary>
    private async Task<string> CauseAsync(Exception exception, CancellationToken cancellationToken)
    {
        if (await engine.UnavailableAsync(cancellationToken) is { } gone && !exception.Message.Contains(gone, StringComparison.Ordinal))
        {
            return $"the container engine went away during the start: {gone}. Then start the codespace again";
        }

        return exception is EngineException { Status: StatusCodes.Status404NotFound } && exception.Message.StartsWith("No such image", StringComparison.OrdinalIgnoreCase)
            ? ImageRemoved(exception.Message.Split(": ", 2)[^1])
            : exception.Message;
    }

    public static string ImageRemoved(string image) =>
        $"the image {image} was removed from the container engine while the codespace started. Remedy: start the codespace again, which pulls it again";

    public static Dictionary<string, string> LabelsOf(Codespace codespace, string host) =>
        new(StringComparer.Ordinal) { [GateScope.Label] = codespace.Name, [GateScope.HostLabel] = host };
}
