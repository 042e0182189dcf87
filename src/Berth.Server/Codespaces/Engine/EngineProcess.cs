using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Berth.Server.Codespaces.Engine;

/// <summary>
/// A process in a container with its input and output. They go over the engine's raw stream, which begins with an HTTP upgrade (the engine
/// calls it "hijacking"). With a terminal the output is raw. Without one it comes in frames (<see cref="EngineFrames"/>).
/// </summary>
internal sealed class EngineProcess : IEngineProcess
{
    private readonly EngineHttp _http;
    private readonly string _container;
    private readonly string _exec;
    private readonly bool _tty;
    private readonly NetworkStream _stream;
    private readonly byte[] _early;

    private EngineProcess(EngineHttp http, string container, string exec, bool tty, NetworkStream stream, byte[] early)
    {
        (_http, _container, _exec, _tty, _stream, _early) = (http, container, exec, tty, stream, early);
    }

    /// <exception cref="EngineException">The engine refused.</exception>
    public static async Task<EngineProcess> StartAsync(
        EngineHttp http, string container, EngineCommand command, CancellationToken cancellationToken)
    {
        var exec = await CreateAsync(http, container, command, cancellationToken);
        NetworkStream stream;
        try
        {
            stream = await http.Socket.OpenAsync(cancellationToken);
        }
        catch (SocketException exception)
        {
            throw EngineException.Silent(http.Socket.Path, exception);
        }

        try
        {
            var start = JsonSerializer.SerializeToUtf8Bytes(new JsonObject { ["Detach"] = false, ["Tty"] = command.Tty });
            await stream.WriteAsync(
                Encoding.ASCII.GetBytes(
                    $"POST /{EngineSocket.ApiVersion}/exec/{exec}/start HTTP/1.1\r\nHost: docker\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n"
                    + $"Content-Type: application/json\r\nContent-Length: {start.Length}\r\n\r\n"),
                cancellationToken);
            await stream.WriteAsync(start, cancellationToken);
            return new EngineProcess(http, container, exec, command.Tty, stream, await UpgradedAsync(stream, cancellationToken));
        }
        catch
        {
            await stream.DisposeAsync();
            throw;
        }
    }

    public async Task ReadAsync(Func<byte, ReadOnlyMemory<byte>, Task> write, CancellationToken cancellationToken)
    {
        await using var output = new EarlyStream(_early, _stream);
        if (!_tty)
        {
            await EngineFrames.ReadAsync(output, write, cancellationToken);
            return;
        }

        var buffer = new byte[32 * 1024];
        int read;
        while ((read = await output.ReadAsync(buffer, cancellationToken)) > 0)
        {
            await write(1, buffer.AsMemory(0, read));
        }
    }

    public async Task WriteAsync(ReadOnlyMemory<byte> input, CancellationToken cancellationToken) =>
        await _stream.WriteAsync(input, cancellationToken);

    public void CloseInput()
    {
        try
        {
            _stream.Socket.Shutdown(SocketShutdown.Send);
        }
        catch (SocketException)
        {
            // It has ended already.
        }
    }

    public async Task ResizeAsync(int rows, int columns, CancellationToken cancellationToken)
    {
        try
        {
            await _http.CallAsync(
                HttpMethod.Post, $"exec/{_exec}/resize?h={rows}&w={columns}", null, cancellationToken, HttpStatusCode.NotFound);
        }
        catch (EngineException exception) when (exception.Status is >= 400)
        {
            // The process is just ending, or has not begun.
        }
    }

    public async Task<int> ExitCodeAsync(TimeProvider time, CancellationToken cancellationToken)
    {
        // The engine may notice the end of the process a moment after the end of its output.
        for (var tries = 0; tries < 100; tries++)
        {
            if (await FindAsync(cancellationToken) is { Running: false, ExitCode: { } code })
            {
                return code;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(20), time, cancellationToken);
        }

        throw new EngineException(500, "the process ended without an exit code");
    }

    public async Task KillAsync(TimeProvider time, CancellationToken cancellationToken)
    {
        if (await FindAsync(cancellationToken) is { Running: true, Pid: > 0 } process
            && await ContainerPidAsync(cancellationToken) is > 0 and var container)
        {
            await ProcessSession.KillAsync(process.Pid, container, time, cancellationToken);
        }
    }

    public ValueTask DisposeAsync() => _stream.DisposeAsync();

    private static async Task<string> CreateAsync(
        EngineHttp http, string container, EngineCommand command, CancellationToken cancellationToken)
    {
        var body = new JsonObject
        {
            ["Env"] = new JsonArray([.. command.Environment.Select(entry => JsonValue.Create(entry))]),
            ["AttachStdin"] = command.Input,
            ["AttachStdout"] = true,
            ["AttachStderr"] = command.Errors,
            ["Cmd"] = new JsonArray([.. command.Command.Select(part => JsonValue.Create(part))]),
            ["User"] = command.User,
            ["WorkingDir"] = command.Folder,
            ["Tty"] = command.Tty,
        };
        using var document = await http.ReadAsync(HttpMethod.Post, $"containers/{container}/exec", body, cancellationToken);
        return document.RootElement.GetProperty("Id").GetString()!;
    }

    /// <summary>Null when the engine does not know it (any more).</summary>
    private async Task<(bool Running, int Pid, int? ExitCode)?> FindAsync(CancellationToken cancellationToken)
    {
        using var document = await _http.FindAsync($"exec/{_exec}/json", cancellationToken);
        if (document?.RootElement is not { } root)
        {
            return null;
        }

        return (
            root.TryGetProperty("Running", out var running) && running.ValueKind == JsonValueKind.True,
            root.TryGetProperty("Pid", out var pid) && pid.TryGetInt32(out var number) ? number : 0,
            root.TryGetProperty("ExitCode", out var code) && code.ValueKind == JsonValueKind.Number ? code.GetInt32() : null);
    }

    private async Task<int> ContainerPidAsync(CancellationToken cancellationToken)
    {
        using var document = await _http.FindAsync($"containers/{_container}/json", cancellationToken);
        return document?.RootElement.GetProperty("State").TryGetProperty("Pid", out var pid) == true && pid.TryGetInt32(out var number)
            ? number
            : 0;
    }

    private static async Task<byte[]> UpgradedAsync(NetworkStream stream, CancellationToken cancellationToken)
    {
        var answer = await UpgradeAnswer.ReadAsync(stream, cancellationToken);
        return answer.Status is StatusCodes.Status101SwitchingProtocols or StatusCodes.Status200OK
            ? answer.Reader.Rest()
            : throw new EngineException(
                answer.Status, EngineHttp.Message(Encoding.UTF8.GetString(await answer.BodyAsync(cancellationToken))));
    }
}
