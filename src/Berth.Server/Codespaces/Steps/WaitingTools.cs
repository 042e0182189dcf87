using Berth.Server.Codespaces.Devcontainers;
using Berth.Server.Codespaces.Engine;
using Berth.Server.Codespaces.Gate;
using Berth.Server.Faults;

namespace Berth.Server.Codespaces.Steps;

/// <summary>
/// The dev container tools of one start. They take a while until they ask the engine for its version, so they are started as soon as the
/// workspace has a place, and wait at the gate until everything that they read afterwards is there and it is known what they may touch.
/// </summary>
internal sealed class WaitingTools : IAsyncDisposable
{
    private readonly EngineGate _gate;
    private readonly DevcontainerUp _up;
    private readonly StartContext _context;
    private readonly CancellationTokenSource _ending = new();
    private Task<UpResult> _running = Task.FromCanceled<UpResult>(new CancellationToken(canceled: true));
    private Action<string> _begins = _ => { };

    public WaitingTools(EngineSocket engine, DevcontainerUp up, StartContext context)
    {
        (_up, _context) = (up, context);
        _gate = new EngineGate(engine, context.Codespace.Host, context.ToolsView.User, (call, reason) =>
        {
            Refusal = reason;
            context.Log.Write("engine", $"refused {call}: {reason}");
        });
    }

    /// <summary>Why the gate refused a call, the last one; null: it refused none.</summary>
    public string? Refusal { get; private set; }

    /// <summary>Starts them. The folder of the workspace is there; what will lie in it need not be.</summary>
    public void Begin()
    {
        if (_context.Codespace is { Rebuild: true } or { ContainerId: null } || !File.Exists(_context.Folders.Override))
        {
            // The sandbox shows this very file, into which the configuration will be written.
            File.Create(_context.Folders.Override).Dispose();
        }

        _running = StartAsync();
    }

    /// <summary>Everything is there: lets them do their work.</summary>
    /// <param name="scope">What they may touch.</param>
    /// <exception cref="FaultException">There is no sandbox on this machine; the message says what is missing.</exception>
    public async Task<UpResult> RunAsync(GateScope scope, Action<string> begins, CancellationToken cancellationToken)
    {
        await using var ended = cancellationToken.UnsafeRegister(_ => _ending.Cancel(), null);
        _begins = begins;
        _gate.Open(scope);
        var result = await _running;
        if (result.Failure is null || _gate.WasAsked)
        {
            return result;
        }

        // They have ended without a question to the engine: another version of them, which reads before it asks, and there was nothing to
        // read.
        _running = StartAsync();
        return await _running;
    }

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await ((Task)_running).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        await _gate.DisposeAsync();
        _ending.Dispose();
    }

    private Task<UpResult> StartAsync() => _up.RunAsync(
        _context.ToolsView, _context.Folders, _context.Workspace, _gate.SocketPath, $"{GateScope.Label}={_context.Codespace.Name}",
        line => _context.Log.Write("up", line),
        name => _begins(name), _ending.Token);
}
