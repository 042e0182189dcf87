using System.CommandLine;
using System.Runtime.InteropServices;
using System.Text;
using Berth.Client;
using Berth.Client.Wire;

namespace Berth.Cli.Commands;

/// <summary><c>berth codespace exec</c>: runs a process in a codespace, with its output and exit code as if it ran here.</summary>
internal static class CodespaceExecCommand
{
    public static BerthCommand Build()
    {
        var name = CodespaceCommands.Name();
        var command = new Argument<string[]>("COMMAND")
        {
            Description = "Program and arguments, after --",
            Arity = ArgumentArity.OneOrMore,
        };
        var folder = Arguments.Option("--workdir", "Folder in the codespace (default: the workspace)");
        var input = new Option<bool>("--interactive", "-i") { Description = "Pass standard input on" };
        var tty = new Option<bool>("--tty", "-t") { Description = "Give it a terminal" };
        return BerthCommand.Of(
            "exec",
            "Run a program in a codespace as its user, in its workspace. Ends with the program's exit code; the program ends when this "
                + "command is ended.",
            [
                "berth codespace exec ada-app-g4wpq6h95q -- make test", "berth codespace exec -it ada-app-g4wpq6h95q -- bash",
                "tar c src | berth codespace exec -i ada-app-g4wpq6h95q -- tar x -C /tmp",
            ],
            [name, command, folder, input, tty],
            async call =>
            {
                var (output, errors) = (
                    new Sink(call.Terminal.Out, Console.Out, Console.OpenStandardOutput),
                    new Sink(call.Terminal.Error, Console.Error, Console.OpenStandardError));
                Task WriteAsync(byte stream, ReadOnlyMemory<byte> piece) =>
                    (stream == 2 ? errors : output).WriteAsync(piece, call.CancellationToken);
                var code = call.Get(input) || call.Get(tty)
                    ? await InteractAsync(
                        call, call.Get(name), Start(call, call.Get(command), call.Get(folder), call.Get(tty)), call.Get(input), WriteAsync)
                    : await call.Client.ExecAsync(
                        call.Get(name), new CodespaceExec { Command = call.Get(command), WorkingDirectory = call.Get(folder) }, WriteAsync,
                        call.CancellationToken);
                if (code != 0)
                {
                    throw new CommandException(code, "");
                }
            });
    }

    private static ProcessStart Start(CommandCall call, string[] command, string? folder, bool tty)
    {
        var size = tty ? Size() : null;
        return new ProcessStart(command)
        {
            Tty = tty,
            Rows = size?.Rows,
            Columns = size?.Columns,
            Term = tty ? call.Terminal.Environment("TERM") : null,
            WorkingDirectory = folder,
        };
    }

    private static async Task<int> InteractAsync(
        CommandCall call, string name, ProcessStart start, bool input, Func<byte, ReadOnlyMemory<byte>, Task> write)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(call.CancellationToken);
        using var process = await call.Client.StartProcessAsync(name, start, call.CancellationToken);
        using var raw = start.Tty && input ? RawTerminal.Enter() : null;
        using var resized = start.Tty ? PosixSignalRegistration.Create(PosixSignal.SIGWINCH, _ => Resize(process, ended.Token)) : null;

        _ = input ? ProcessInput.SendAsync(process, ended.Token) : process.WriteAsync(ReadOnlyMemory<byte>.Empty, ended.Token);
        try
        {
            return await process.ReadAsync(write, call.CancellationToken);
        }
        finally
        {
            await ended.CancelAsync();
        }
    }

    private static void Resize(RemoteProcess process, CancellationToken cancellationToken)
    {
        if (Size() is { } size)
        {
            _ = process.ResizeAsync(size.Rows, size.Columns, cancellationToken);
        }
    }

    /// <summary>The size of the terminal. Null when there is none.</summary>
    private static TerminalSize? Size()
    {
        try
        {
            return Console.WindowHeight > 0 && Console.WindowWidth > 0 ? new TerminalSize(Console.WindowHeight, Console.WindowWidth) : null;
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>Passes bytes on unchanged if the target is this process's own stream. A writer that replaces it gets text.</summary>
    private sealed class Sink(TextWriter writer, TextWriter own, Func<Stream> open)
    {
        private readonly Decoder _decoder = Encoding.UTF8.GetDecoder();
        private readonly Stream? _raw = ReferenceEquals(writer, own) ? open() : null;

        public async Task WriteAsync(ReadOnlyMemory<byte> piece, CancellationToken cancellationToken)
        {
            if (_raw is not null)
            {
                await _raw.WriteAsync(piece, cancellationToken);
                await _raw.FlushAsync(cancellationToken);
                return;
            }

            var text = new char[Encoding.UTF8.GetMaxCharCount(piece.Length)];
            await writer.WriteAsync(text.AsMemory(0, _decoder.GetChars(piece.Span, text, flush: false)), cancellationToken);
        }
    }
}
