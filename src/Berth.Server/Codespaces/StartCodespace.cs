using Berth.Server.Codespaces.Engine;
using Berth.Server.Codespaces.Steps;
using Berth.Server.Database;
using Berth.Server.Faults;
using Berth.Server.Metrics;

namespace Berth.Server.Codespaces;

/// <summary>One start, from wherever the last one stopped, and how it ended. What it does is in <see cref="StartSteps"/>.</summary>
internal sealed class StartCodespace(
    Db db, TimeProvider time, IContainerEngine engine, CodespaceHost host, CodespaceLog logs, StopCodespace stop, StartSteps steps,
    BerthMetrics metrics)
{
    /// <param name="available">Told when people can work in it. Lifecycle commands may go on after that, until this returns.</param>
    /// <param name="waits">Told when a program of the repository's goes on, which may take as long as it likes.</param>
    /// <exception cref="OperationCanceledException">Somebody wished for something else, or the server stops.</exception>
    public async Task RunAsync(Codespace codespace, Action available, Action waits, CancellationToken cancellationToken)
    {
        await using var log = logs.Open(codespace);
        var inBackground = false;
        var ended = false;
        var progress = new StartProgress();
        try
        {
            var running = await StartAsync(codespace, log, progress, waits, cancellationToken);
            await AvailableAsync(running.Codespace, log, () => Ended(StartOutcome.Available, StartCause.None), cancellationToken);
            inBackground = running.Codespace.CommandsRunning;
            available();
            logs.Changed(codespace.Id);
            await running.Rest();
        }
        catch (Exception exception) when (inBackground)
        {
            // It runs, and people work in it: whatever becomes of the commands is no failure of the codespace.
            var reason = exception switch
            {
                OperationCanceledException => "the codespace or the server was stopped",
                _ when IsFault(exception) => exception.Message,
                _ => "the server failed on them; its log has the reason",
            };
            log.Write("up", $"the commands in the background were broken off: {reason}");
            cancellationToken.ThrowIfCancellationRequested();
            if (!IsFault(exception))
            {
                throw;
            }
        }
        catch (Exception exception) when (IsFault(exception))
        {
            cancellationToken.ThrowIfCancellationRequested();
            var (cause, reason) = await CauseAsync(exception, progress, cancellationToken);
            log.Write("failed", reason);
            await log.DisposeAsync();
            await stop.AfterFailureAsync(codespace, CancellationToken.None);
            await db.WriteAsync(
                session => CodespaceTable.FailedAsync(session, codespace, log.Masked(reason), time.GetUtcNow()), CancellationToken.None);
            Ended(StartOutcome.Failed, cause);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            Ended(StartOutcome.Failed, StartCause.Server);
            throw;
        }
        finally
        {
            Ended(StartOutcome.Interrupted, StartCause.None);
            if (inBackground)
            {
                await log.DisposeAsync();
                await db.WriteAsync(session => CodespaceTable.CommandsEndedAsync(session, codespace), CancellationToken.None);
            }
        }

        logs.Changed(codespace.Id);

        void Ended(StartOutcome outcome, StartCause cause)
        {
            // Only the first counts: what leaves before it has an outcome was interrupted, and background commands may fail after it became
            // available.
            if (!ended)
            {
                ended = true;
                metrics.CodespaceStarted(outcome, cause);
            }
        }
    }

    private async Task<RunningStart> StartAsync(
        Codespace codespace, CodespaceLogWriter log, StartProgress progress, Action waits, CancellationToken cancellationToken)
    {
        log.Write(
            "start", $"starting {codespace.Name} of {codespace.RepositoryFullName}{(codespace.Ref is null ? "" : $" at {codespace.Ref}")}");
        var now = time.GetUtcNow();
        await db.WriteAsync(
            async session =>
            {
                await CodespaceTable.ProvisioningAsync(session, codespace, now);
                await CodespaceContainerTable.BeginAsync(session, codespace, CodespaceContainers.NewSecret(), now);
            },
            cancellationToken);
        logs.Changed(codespace.Id);
        return await steps.RunAsync(
            new BegunStart(codespace, host.Folders(codespace), log, progress, waits), cancellationToken);
    }

    /// <param name="written">Told when the row says so.</param>
    private async Task AvailableAsync(Codespace started, CodespaceLogWriter log, Action written, CancellationToken cancellationToken)
    {
        log.Write(
            "ready",
            started.IsPrebuild ? "what can be done ahead is done" : $"the codespace is available "
                + $"as {started.RemoteUser} in {started.WorkspaceFolder}"
                + $"{(started.Failure is null ? "" : " in its container of before")}"
                + $"{(started.CommandsRunning ? "; commands go on in the background" : "")}");
        await log.FlushAsync();
        if (await db.WriteAsync(session => CodespaceTable.AvailableAsync(session, started, time.GetUtcNow()), cancellationToken))
        {
            written();
        }
    }

    /// <summary>
    /// Whatever an engine that goes away makes of pulls, builds and tools: that it went away is the cause. Likewise an image that somebody
    /// removes meanwhile.
    /// </summary>
    private async Task<(StartCause Cause, string Message)> CauseAsync(
        Exception exception, StartProgress progress, CancellationToken cancellationToken)
    {
        if (await engine.UnavailableAsync(cancellationToken) is { } gone)
        {
            return (StartCause.Engine, exception.Message.Contains(gone, StringComparison.Ordinal)
                ? exception.Message
                : $"the container engine went away during the start: {gone}. Then start the codespace again");
        }

        var cause = exception switch
        {
            EngineException => StartCause.Engine,
            IOException or UnauthorizedAccessException => StartCause.Files,
            FaultException { Fault.IsOfRegistry: true } => StartCause.Registry,
            _ => progress.Step,
        };

        var removed = exception is EngineException { Status: StatusCodes.Status404NotFound }
            && exception.Message.StartsWith("No such image", StringComparison.OrdinalIgnoreCase);
        return (cause, removed ? ImageRemoved(exception.Message.Split(": ", 2)[^1]).ToString() : exception.Message);
    }

    /// <summary>Something is wrong with what was asked for or with this machine, rather than with this code.</summary>
    private static bool IsFault(Exception exception) =>
        exception is FaultException or EngineException or IOException or UnauthorizedAccessException;

    public static Fault ImageRemoved(string image) => new(
        FaultKind.Engine, $"the image {image} was removed from the container engine while the codespace started",
        "start the codespace again, which pulls it again");
}
