using Berth.Server.Codespaces.Steps;
using Berth.Server.Database;
using Berth.Server.Metrics;

namespace Berth.Server.Codespaces;

/// <summary>
/// Runs one start, from wherever the last one stopped, and records how it ended. The steps themselves are in <see cref="StartSteps"/>.
/// </summary>
internal sealed class StartCodespace(
    Db db, TimeProvider time, FailStart fail, CodespaceHost host, CodespaceLog logs, StartSteps steps,
    GitStatus git, BerthMetrics metrics)
{
    /// <param name="available">Called when people can work in it. Lifecycle commands may go on after that, until this method
    /// returns.</param>
    /// <param name="waits">Called when the start waits for a program of the repository, which may take as long as it likes.</param>
    /// <exception cref="OperationCanceledException">Somebody asked for something else, or the server stops.</exception>
    public async Task RunAsync(Codespace codespace, Action available, Action waits, CancellationToken cancellationToken)
    {
        await using var log = logs.Open(codespace);
        var inBackground = false;
        var ended = false;
        var progress = new StartProgress();
        try
        {
            var running = await StartAsync(codespace, log, progress, waits, cancellationToken);
            using var look = git.BeginFirst(running.Codespace);
            await AvailableAsync(running.Codespace, log, () => Ended(StartOutcome.Available, StartCause.None), cancellationToken);
            inBackground = running.Codespace.CommandsRunning;
            available();
            logs.Changed(codespace.Id);
            await Task.WhenAll(look.RunAsync(cancellationToken), running.Rest());
        }
        catch (Exception exception) when (inBackground)
        {
            // The codespace runs and people work in it, so a failed command is no failure of the codespace.
            var reason = exception switch
            {
                OperationCanceledException => "the codespace or the server was stopped",
                _ when FailStart.IsFault(exception) => exception.Message,
                _ => "the server failed on them; its log has the reason",
            };
            log.Write("up", $"the commands in the background were broken off: {reason}");
            cancellationToken.ThrowIfCancellationRequested();
            if (!FailStart.IsFault(exception))
            {
                throw;
            }
        }
        catch (Exception exception) when (FailStart.IsFault(exception))
        {
            cancellationToken.ThrowIfCancellationRequested();
            Ended(StartOutcome.Failed, await fail.RunAsync(codespace, log, progress, exception, cancellationToken));
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
            // Only the first outcome counts. A start that ends without one was interrupted. Background commands may fail after the
            // codespace became available.
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
}
