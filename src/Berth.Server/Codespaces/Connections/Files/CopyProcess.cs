using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using Berth.Server.Codespaces.Engine;

namespace Berth.Server.Codespaces.Connections.Files;

/// <summary>
/// A script of Berth's that runs in a codespace, as its user. Its output is read while it runs, and waits while nobody reads. The beginning
/// of its error output is kept. The script ends when its caller disposes this object.
/// </summary>
internal sealed class CopyProcess : IAsyncDisposable
{
    private const int MostComplaints = 4096;
    private const int LongestLine = 256;
    private readonly IEngineProcess _process;
    private readonly TimeProvider _time;
    private readonly Func<CancellationToken, Task> _used;
    private readonly Pipe _output = new();
    private readonly MemoryStream _complaints = new();
    private readonly CancellationTokenSource _left;
    private readonly Task _reading;
    private bool _ended;

    private CopyProcess(IEngineProcess process, TimeProvider time, Func<CancellationToken, Task> used, CancellationToken cancellationToken)
    {
        (_process, _time, _used) = (process, time, used);
        _left = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Input = new ProcessInput(process, used);
        _reading = ReadAsync(_left.Token);
    }

    public PipeReader Output => _output.Reader;

    public Stream Input { get; }

    /// <summary>What it wrote to its error output, in one line.</summary>
    public string Complaint =>
        string.Join(
            " | ",
            new string([.. Encoding.UTF8.GetString(_complaints.ToArray()).Where(letter => letter == '\n' || !char.IsControl(letter))])
                .Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
                .Take(3));

    /// <param name="used">Called for every piece that goes in or out.</param>
    /// <exception cref="EngineException">The script cannot be started.</exception>
    public static async Task<CopyProcess> StartAsync(
        IContainerEngine engine, RunningCodespace running, string script, IReadOnlyList<string> arguments,
        Func<CancellationToken, Task> used, TimeProvider time, CancellationToken cancellationToken)
    {
        // Start in the root folder: the script changes the folder itself, and can say so when that is denied.
        var command = new EngineCommand(["/bin/sh", "-c", script, "berth-cp", .. arguments], running.Codespace.RemoteUser ?? "", "/")
        {
            Environment = CopyScripts.Environment,
            Input = true,
        };
        return new CopyProcess(await engine.RunAsync(running.Container.Id, command, cancellationToken), time, used, cancellationToken);
    }

    /// <summary>Reads the first line of the output. Null when the script ended without one.</summary>
    public async Task<string?> FirstLineAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var read = await Output.ReadAsync(cancellationToken);
            if (read.Buffer.PositionOf((byte)'\n') is { } end)
            {
                var line = Encoding.UTF8.GetString(read.Buffer.Slice(0, end));
                Output.AdvanceTo(read.Buffer.GetPosition(1, end));
                return line;
            }

            if (read.IsCompleted || read.Buffer.Length > LongestLine)
            {
                return null;
            }

            Output.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }

    /// <summary>Waits until the script has ended. Any output that still comes is lost.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> EndAsync(CancellationToken cancellationToken)
    {
        await Output.CompleteAsync();
        await _reading.WaitAsync(cancellationToken);
        var code = await _process.ExitCodeAsync(_time, cancellationToken);
        _ended = true;
        return code;
    }

    /// <summary>Ends the script's input.</summary>
    public void CloseInput() => _process.CloseInput();

    public async ValueTask DisposeAsync()
    {
        await _left.CancelAsync();
        await Output.CompleteAsync();
        await ((Task)_reading).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        if (!_ended)
        {
            // Most scripts end by themselves when their input ends. The others are killed.
            _process.CloseInput();
            await CodespaceTerminal.KillAsync(_process, _time);
        }

        await _process.DisposeAsync();
        await Input.DisposeAsync();
        await _complaints.DisposeAsync();
        _left.Dispose();
    }

    private async Task ReadAsync(CancellationToken cancellationToken)
    {
        Exception? fault = null;
        try
        {
            await _process.ReadAsync(
                async (stream, piece) =>
                {
                    if (stream == 1)
                    {
                        await _output.Writer.WriteAsync(piece, cancellationToken);
                    }
                    else if (_complaints.Length < MostComplaints)
                    {
                        _complaints.Write(piece.Span);
                    }

                    await _used(cancellationToken);
                },
                cancellationToken);
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException)
        {
            fault = exception;
        }

        await _output.Writer.CompleteAsync(fault);
    }

    /// <summary>The script takes no more input. Its exit code says why.</summary>
    public sealed class EndedException(Exception inner) : Exception(inner.Message, inner);

    /// <summary>The standard input of the script, as a stream for writing only.</summary>
    private sealed class ProcessInput(IEngineProcess process, Func<CancellationToken, Task> used) : Stream
    {
        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            try
            {
                await process.WriteAsync(buffer, cancellationToken);
            }
            catch (IOException exception)
            {
                throw new EndedException(exception);
            }

            await used(cancellationToken);
        }

        public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override void Flush()
        {
        }

        public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
