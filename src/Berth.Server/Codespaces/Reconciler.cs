using System.Collections.Concurrent;
using System.Data.Common;
using System.Threading.Channels;
using Berth.Server.Codespaces.Engine;
using Berth.Server.Codespaces.Prebuilds;
using Berth.Server.Faults;

namespace Berth.Server.Codespaces;

/// <summary>
/// Brings this host's codespaces into their desired state. Each codespace has one job at a time. A request begins it, or the regular look
/// every few seconds, or the server's start after a crash. Everything that it knows is in the rows.
/// </summary>
internal sealed partial class Reconciler(
    TimeProvider time, CodespaceRows rows, StartInTurn start, StopCodespace stop, DeleteCodespace delete, KeepPrebuild keep,
    WatchCodespaces watch, ILogger<Reconciler> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);
    private readonly ConcurrentDictionary<long, Job> _jobs = new();
    private readonly ConcurrentDictionary<long, byte> _waiting = new();
    private readonly Channel<long> _wakes = Channel.CreateUnbounded<long>();

    /// <summary>The work under way for one codespace.</summary>
    private sealed class Job
    {
        private readonly Lock _lock = new();
        private CancellationTokenSource? _start;
        private long _attempt;
        private bool _again;
        private bool _ended;

        public Task Work { get; set; } = Task.CompletedTask;

        public void Begin(long attempt, CancellationTokenSource start)
        {
            lock (_lock)
            {
                (_attempt, _start) = (attempt, start);
            }
        }

        public void Finish()
        {
            lock (_lock)
            {
                _start = null;
            }
        }

        /// <summary>Notes that somebody asked for something. False when the job has ended and a new one is needed.</summary>
        public bool Notice(Codespace codespace)
        {
            lock (_lock)
            {
                _again = true;
                if (_start is not null && (codespace.Desired != CodespaceDesire.Available || codespace.Attempt != _attempt))
                {
                    _start.Cancel();
                }

                return !_ended;
            }
        }

        /// <summary>Ends the job. True when nobody asked for anything since the row was last read.</summary>
        public bool TryEnd()
        {
            lock (_lock)
            {
                _ended = !_again;
                _again = false;
                return _ended;
            }
        }

        public void End()
        {
            lock (_lock)
            {
                _ended = true;
            }
        }
    }

    /// <summary>Says that somebody asked for something. A start that is no longer wanted is cut off.</summary>
    public void Wake(long codespace) => _wakes.Writer.TryWrite(codespace);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        var looking = Task.CompletedTask;
        try
        {
            looking = ReconcileAgainAsync(timer, stoppingToken);
            await foreach (var id in _wakes.Reader.ReadAllAsync(stoppingToken))
            {
                await WorkOnAsync(id, stoppingToken);
            }
        }
        catch (OperationCanceledException)
        {
            // The server stops; rows say what is to be done when it comes back.
        }

        await looking;
        await Task.WhenAll(_jobs.Values.Select(job => job.Work));
    }

    private async Task ReconcileAgainAsync(PeriodicTimer timer, CancellationToken stopping)
    {
        try
        {
            do
            {
                await RunOnceAsync(stopping);
            }
            while (await timer.WaitForNextTickAsync(stopping));
        }
        catch (OperationCanceledException)
        {
            // The server stops.
        }
    }

    /// <summary>Looks at all codespaces of this host once.</summary>
    public async Task RunOnceAsync(CancellationToken cancellationToken)
    {
        try
        {
            await watch.RunOnceAsync(Wake, cancellationToken);
        }
        catch (EngineException exception)
        {
            LogEngine(exception.Message, 0);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            LogFailed(exception, "look around", 0);
        }
    }

    private async Task WorkOnAsync(long id, CancellationToken stopping)
    {
        Codespace? codespace;
        try
        {
            codespace = await rows.FindHereAsync(id, stopping);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            // The next look around tries again.
            LogFailed(exception, "read", id);
            return;
        }

        if (codespace is null)
        {
            return;
        }

        if (_jobs.TryGetValue(id, out var running) && running.Notice(codespace))
        {
            return;
        }

        var job = new Job();
        _jobs[id] = job;
        job.Work = Task.Run(() => RunAsync(id, job, stopping), CancellationToken.None);
    }

    /// <summary>Works on one codespace until nothing is left to do.</summary>
    private async Task RunAsync(long id, Job job, CancellationToken stopping)
    {
        try
        {
            do
            {
                while (await rows.FindAsync(id, stopping) is { } codespace
                    && await StepAsync(codespace, job, stopping))
                {
                }
            }
            while (!job.TryEnd());
        }
        catch (OperationCanceledException)
        {
            // The server stops.
        }
        catch (EngineException exception)
        {
            LogEngine(exception.Message, id);
        }
        catch (Exception exception)
        {
            // The row still says what is wanted, so the next look around tries again.
            LogFailed(exception, "reconcile", id);
        }
        finally
        {
            job.End();
            _jobs.TryRemove(new(id, job));
        }
    }

    /// <returns>False when there was nothing to do.</returns>
    private async Task<bool> StepAsync(Codespace codespace, Job job, CancellationToken stopping)
    {
        switch (codespace)
        {
            case { Desired: CodespaceDesire.Deleted }:
                await delete.RunAsync(codespace, stopping);
                return false;
            case { Desired: CodespaceDesire.Shutdown } when codespace.State is not (CodespaceState.Shutdown or CodespaceState.Failed):
                await StopAsync(codespace, stopping);
                return true;
            case { IsPrebuild: true, Desired: CodespaceDesire.Available, State: CodespaceState.Available or CodespaceState.Failed }:
                await keep.RunAsync(codespace, stopping);
                return true;
            case { Desired: CodespaceDesire.Available, State: CodespaceState.Available, CommandsRunning: true }:
                // Commands of this process would keep us in StartAsync, so another process ran these.
                await rows.LogAsync(codespace, "up", Fault.Shown(
                    "the server ended while commands ran in the background: what came after them did not run",
                    "run it by hand, or rebuild the codespace"));
                await rows.CommandsEndedAsync(codespace, stopping);
                return true;
            case { Desired: CodespaceDesire.Available } when CodespaceState.IsStarting(codespace.State):
                await StartAsync(codespace, job, stopping);
                return true;
            case { State: CodespaceState.Shutdown or CodespaceState.Failed } when watch.TakeUnexpectedlyRunning(codespace.Id):
                await stop.RunAsync(codespace, stopping);
                return true;
            default:
                return false;
        }
    }

    private async Task StartAsync(Codespace codespace, Job job, CancellationToken stopping)
    {
        var available = false;
        using var cancellation = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        try
        {
            job.Begin(codespace.Attempt, cancellation);
            await start.RunAsync(codespace, () => available = true, cancellation.Token);
        }
        catch (OperationCanceledException) when (!stopping.IsCancellationRequested)
        {
            // A stop or a deletion cut the start off, and the next step carries it out.
        }
        catch (Exception exception) when (exception is not (OperationCanceledException or DbException))
        {
            // A bug would fail every new attempt too. The row says that somebody has to look.
            LogFailed(exception, "start", codespace.Id);
            if (!available)
            {
                await rows.FailedAsync(codespace, "the server failed on this start; its log has the reason", stopping);
            }
        }
        finally
        {
            job.Finish();
        }
    }

    private async Task StopAsync(Codespace codespace, CancellationToken cancellationToken)
    {
        try
        {
            await stop.RunAsync(codespace, cancellationToken);
        }
        catch (EngineException exception)
        {
            await WaitForEngineAsync(codespace, exception.Message);
            throw;
        }

        _waiting.TryRemove(codespace.Id, out _);
        await rows.ShutDownAsync(codespace, "stopped", cancellationToken);
    }

    /// <summary>Writes to the log once that the engine is missing. Every regular look tries again.</summary>
    private async Task WaitForEngineAsync(Codespace codespace, string reason)
    {
        if (_waiting.TryAdd(codespace.Id, 0))
        {
            await rows.LogAsync(codespace, "stop", $"waiting for the container engine: {reason}");
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Codespaces: {What} failed for codespace {Codespace}")]
    private partial void LogFailed(Exception exception, string what, long codespace);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Codespaces: codespace {Codespace} waits for the container engine: {Reason}")]
    private partial void LogEngine(string reason, long codespace);
}
