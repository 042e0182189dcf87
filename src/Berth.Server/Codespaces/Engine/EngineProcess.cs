using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Berth.Server.Codespaces.Engine;

/// <summary>
/// A process in a container with its input and output: the engine's raw stream, which begins with an HTTP upgrade ("hijacking" in the engine's words). With a
/// terminal the output is raw; without one it comes in frames (<see cref="EngineFrames"/>).
/// </summary>
internal sealed class EngineProcess : IAsyncDisposable
{
    private readonly EngineClient _engine;
    private readonly string _container;
    private readonly string _exec;
    private readonly NetworkStream _stream;
    private readonly byte[] _early;

    private EngineProcess(EngineClient engine, string container, string exec, bool tty, NetworkStream stream, byte[] early)
    {
        (_engine, _container, _exec, Tty, _stream, _early) = (engine, container, exec, tty, stream, early);
    }

    public bool Tty { get; }

    /// <param name="engine">Where the container is.</param>
    /// <param name="container">Its id.</param>
    /// <param name="body">The process, as in the engine's <c>POST /containers/{id}/exec</c>.</param>
    /// <param name="tty">Whether it gets a terminal.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <exception cref="EngineException">The engine refused.</exception>
    public static async Task<EngineProcess> StartAsync(EngineClient engine, string container, JsonObject body, bool tty, CancellationToken cancellationToken)
    {
        var exec = await engine.CreateExecAsync(container, body, cancellationToken);
        NetworkStream stream;
        try
        {
            stream = await engine.Socket.OpenAsync(cancellationToken);
        }
        catch (SocketException exception)
        {
            throw new EngineException(0, $"the container engine at {engine.Socket.Path} does not answer: {exception.Message}");
        }

        try
        {
            var start = JsonSerializer.SerializeToUtf8Bytes(new JsonObject { ["Detach"] = false, [nameof(Tty)] = tty });
            await stream.WriteAsync(
                Encoding.ASCII.GetBytes(
                    $"POST /{EngineSocket.ApiVersion}/exec/{exec}/start HTTP/1.1\r\nHost: docker\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n"
                    + $"Content-Type: application/json\r\nContent-Length: {start.Length}\r\n\r\n"),
                cancellationToken);
            await stream.WriteAsync(start, cancellationToken);
            return new EngineProcess(engine, container, exec, tty, stream, await UpgradedAsync(stream, cancellationToken));
        }
        catch
        {
            await stream.DisposeAsync();
            throw;
        }
    }

    /// <summary>Copies its output until it ends.</summary>
    /// <param name="write">Gets the stream's number (1: output, 2: errors) and a piece of it, valid until it returns.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public async Task ReadAsync(Func<byte, ReadOnlyMemory<byte>, Task> write, CancellationToken cancellationToken)
    {
        await using var output = new EarlyStream(_early, _stream);
        if (!Tty)
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

    public async Task WriteAsync(ReadOnlyMemory<byte> input, CancellationToken cancellationToken) => await _stream.WriteAsync(input, cancellationToken);

    /// <summary>The end of its input.</summary>
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

    public Task ResizeAsync(int rows, int columns, CancellationToken cancellationToken) => _engine.ResizeExecAsync(_exec, rows, columns, cancellationToken);

    /// <summary>Of a process whose output has ended; its end may come to the engine's ears a moment later.</summary>
    public async Task<int> ExitCodeAsync(TimeProvider time, CancellationToken cancellationToken)
    {
        for (var tries = 0; tries < 100; tries++)
        {
            if (await _engine.ExecAsync(_exec, cancellationToken) is { Running: false, ExitCode: { } code })
            {
                return code;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(20), time, cancellationToken);
        }

        throw new EngineException(500, "the process ended without an exit code");
    }

    /// <summary>Nobody listens to it any more: it ends, with what it started in its session. One that has ended is fine.</summary>
    public async Task KillAsync(TimeProvider time, CancellationToken cancellationToken)
    {
        if (await _engine.ExecAsync(_exec, cancellationToken) is { Running: true, Pid: > 0 } exec
            && await _engine.ContainerAsync(_container, cancellationToken) is { Running: true, Pid: > 0 } container)
        {
            await ProcessSession.KillAsync(exec.Pid, container.Pid, time, cancellationToken);
        }
    }

    public ValueTask DisposeAsync() => _stream.DisposeAsync();

    private static async Task<byte[]> UpgradedAsync(NetworkStream stream, CancellationToken cancellationToken)
    {
        var answer = await UpgradeAnswer.ReadAsync(stream, cancellationToken);
        return answer.Status is StatusCodes.Status101SwitchingProtocols or StatusCodes.Status200OK
            ? answer.Reader.Rest()
            : throw new EngineException(answer.Status, EngineClient.Message(Encoding.UTF8.GetString(await answer.BodyAsync(cancellationToken))));
    }

    /// <summary>What came with the answer to the upgrade, then the connection.</summary>
    private sealed class EarlyStream(byte[] early, Stream rest) : Stream
    {
        private int _given;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (_given == early.Length)
            {
                return await rest.ReadAsync(buffer, cancellationToken);
            }

            var count = Math.Min(buffer.Length, early.Length - _given);
            early.AsMemory(_given, count).CopyTo(buffer);
            _given += count;
            return count;
        }

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Flush() => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
