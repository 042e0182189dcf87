using Berth.Server.Codespaces.Engine;
using Berth.Server.Database;
using Berth.Server.Faults;

namespace Berth.Server.Codespaces;

/// <summary>Ends a start that failed: nothing of it runs on, and its row and its log say why.</summary>
internal sealed class FailStart(Db db, TimeProvider time, IContainerEngine engine, StopCodespace stop)
{
    /// <returns>The cause under which the metrics count it.</returns>
    public async Task<StartCause> RunAsync(
        Codespace codespace, CodespaceLogWriter log, StartProgress progress, Exception exception, CancellationToken cancellationToken)
    {
        var (cause, reason) = await CauseAsync(exception, progress, cancellationToken);
        log.Write("failed", reason);
        await log.DisposeAsync();
        await stop.AfterFailureAsync(codespace, CancellationToken.None);
        await db.WriteAsync(
            session => CodespaceTable.FailedAsync(session, codespace, log.Masked(reason), time.GetUtcNow()), CancellationToken.None);
        return cause;
    }

    /// <summary>True for faults of the request or of this machine, false for faults of this code.</summary>
    public static bool IsFault(Exception exception) =>
        exception is FaultException or EngineException or IOException or UnauthorizedAccessException;

    public static Fault ImageRemoved(string image) => new(
        FaultKind.Engine, $"the image {image} was removed from the container engine while the codespace started",
        "start the codespace again, which pulls it again");

    /// <summary>
    /// Finds the cause. When the engine goes away, pulls, builds and tools fail in many ways, but the missing engine is the cause. The same
    /// holds for an image that somebody removes during the start.
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
}
