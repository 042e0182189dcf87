using System.CommandLine;
using System.Text;
using Berth.Client.Wire;

namespace Berth.Cli.Commands;

/// <summary><c>berth codespace exec</c>: a process in a codespace, its output and exit code as if it ran here.</summary>
internal static class CodespaceExecCommand
{
    public static BerthCommand Build()
    {
        var name = CodespaceCommands.Name();
        var command = new Argument<string[]>("COMMAND") { Description = "Program and arguments, after --", Arity = ArgumentArity.OneOrMore };
        var folder = Arguments.Option("--workdir", "Folder in the codespace (default: the workspace)");
        return BerthCommand.Of(
            "exec",
            "Run a program in a codespace as its user, in its workspace, without a terminal. Ends with the program's exit code.",
            ["berth codespace exec ada-app-g4wpq6h95q -- make test", "berth codespace exec ada-app-g4wpq6h95q -- sh -c 'ls | wc -l'"],
            [name, command, folder],
            async call =>
            {
                var (output, errors) = (new Sink(call.Terminal.Out, Console.Out, Console.OpenStandardOutput), new Sink(call.Terminal.Error, Console.Error, Console.OpenStandardError));
                var code = await call.Client.ExecAsync(
                    call.Get(name), new CodespaceExec(call.Get(command)) { WorkingDirectory = call.Get(folder) },
                    (stream, piece) => (stream == 2 ? errors : output).WriteAsync(piece, call.CancellationToken), call.CancellationToken);
                if (code != 0)
                {
                    throw new CommandException(code, "");
                }
            });
    }

    /// <summary>Passes bytes on as they are where the process's own stream is meant; a writer that stands in for it gets text.</summary>
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
