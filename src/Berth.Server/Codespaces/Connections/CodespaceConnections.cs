using System.Collections.Concurrent;
using Berth.Server.Api;
using Berth.Server.Codespaces.Engine;
using Berth.Server.Codespaces.Environment;
using Berth.Server.Database;
using Berth.Server.Http;

namespace Berth.Server.Codespaces.Connections;

/// <summary>A codespace that runs, with its container.</summary>
internal sealed record RunningCodespace(Codespace Codespace, EngineContainer Container);

/// <summary>
/// The rules for all connections into a codespace: only its creator may connect, it must run, and using it keeps it awake.
/// </summary>
internal sealed class CodespaceConnections(
    Db db, TimeProvider time, IContainerEngine engine, EnvironmentContents inside, CodespaceHost host)
{
    /// <summary>Use is recorded at most once in this time. That is enough, since idle timeouts are minutes.</summary>
    private static readonly TimeSpan Coarse = TimeSpan.FromSeconds(20);

    private readonly ConcurrentDictionary<long, DateTimeOffset> _touched = new();

    /// <exception cref="ApiException">This caller has no such codespace, or it does not run.</exception>
    public async Task<RunningCodespace> RunningAsync(ApiCaller caller, string name, CancellationToken cancellationToken)
    {
        var running = await RunningAsync(await CodespaceEndpoints.FindAsync(db, caller, name, cancellationToken), cancellationToken);
        await TouchAsync(running.Codespace.Id, cancellationToken);
        return running;
    }

    /// <exception cref="ApiException">The codespace does not run.</exception>
    public async Task<RunningCodespace> RunningAsync(Codespace codespace, CancellationToken cancellationToken)
    {
        if (codespace.Host != host.Name)
        {
            throw new ApiException(CodespaceEndpoints.Conflict("the codespace runs on another server of this installation"));
        }

        if (codespace is not { State: CodespaceState.Available, ContainerId: { } id })
        {
            throw new ApiException(await EngineAwayAsync(codespace, cancellationToken) ?? CodespaceEndpoints.Conflict(
                $"the codespace is {codespace.State}, not Available; start it with: berth codespace start {codespace.Name}"));
        }

        try
        {
            return await engine.ContainerAsync(id, cancellationToken) is { Running: true } container
                ? new RunningCodespace(codespace, container)
                : throw new ApiException(await EngineAwayAsync(codespace, cancellationToken)
                    ?? CodespaceEndpoints.Conflict("the codespace's container has ended; start it again"));
        }
        catch (EngineException exception)
        {
            throw new ApiException(Unprocessable(exception.Message));
        }
    }

    /// <summary>
    /// The error for a codespace that does not run because the engine is away. An engine that ends takes its containers with it, so it is
    /// the cause, and a start would fail. Null while the engine answers, for a codespace of another server, and for one that is starting or
    /// whose start failed, since its log says why.
    /// </summary>
    public async Task<ApiError?> EngineAwayAsync(Codespace codespace, CancellationToken cancellationToken) =>
        codespace.Host == host.Name
            && codespace.State is CodespaceState.Available or CodespaceState.ShuttingDown or CodespaceState.Shutdown
            && await engine.UnavailableAsync(cancellationToken) is { } reason
            ? Unprocessable($"the container engine is away ({reason}); the codespace is {codespace.State}")
            : null;

    /// <summary>Why a process that ran cannot be followed any more.</summary>
    public async Task<string> BrokenOffAsync(Exception exception, CancellationToken cancellationToken) =>
        await engine.UnavailableAsync(cancellationToken) is { } reason ? $"the container engine went away: {reason}" : exception.Message;

    /// <summary>Records that the codespace is in use now.</summary>
    public async Task TouchAsync(long codespace, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        if (_touched.TryGetValue(codespace, out var last) && now - last < Coarse)
        {
            return;
        }

        _touched[codespace] = now;
        await db.WriteAsync(session => CodespaceTable.TouchAsync(session, codespace, now), cancellationToken);
    }

    /// <summary>Makes the command for a process in the codespace, as its remote user and with its environment.</summary>
    /// <exception cref="ApiException">Processes may not start in that folder.</exception>
    public async Task<EngineCommand> CommandAsync(RunningCodespace running, WantedProcess process, CancellationToken cancellationToken)
    {
        var codespace = running.Codespace;
        var folder = FolderOf(codespace, process.Folder);
        List<string> environment = [.. await inside.ProcessEnvironmentAsync(codespace, cancellationToken)];
        if (process is { Tty: true, Terminal: { Length: > 0 } terminal })
        {
            environment.RemoveAll(entry => entry.StartsWith("TERM=", StringComparison.Ordinal));
            environment.Add("TERM=" + terminal);
        }

        return new EngineCommand(process.Command, codespace.RemoteUser ?? "", folder.Text)
        {
            Environment = environment,
            Input = process.Input,
            Tty = process.Tty,
        };
    }

    /// <param name="wanted">An absolute path, or one below the workspace. Null: the workspace.</param>
    private static ContainerPath FolderOf(Codespace codespace, string? wanted)
    {
        var workspace = ContainerPath.TryParse(codespace.WorkspaceFolder, out var own) ? own : ContainerPath.Root;
        return wanted is not { Length: > 0 } ? workspace
            : !ContainerPath.TryParse(wanted, workspace, out var folder)
                ? throw new ApiException(Unprocessable("working_directory must be a path without control characters"))
            : folder.IsKernels ? throw new ApiException(Unprocessable($"working_directory: processes do not start in {folder}"))
            : folder;
    }

    public static ApiError Unprocessable(string reason) => new(422, "unprocessable", reason);
}

/// <summary>A process that somebody wants to run in a codespace.</summary>
/// <param name="Folder">An absolute path, or one below the workspace. Null: the workspace.</param>
internal sealed record WantedProcess(
    IReadOnlyList<string> Command, string? Folder = null, bool Tty = false, bool Input = false, string? Terminal = null);
