using System.Text;
using Berth.Server.Codespaces.Engine;

namespace Berth.Tests.Codespaces.Scripted;

/// <summary>A process that prints its output and ends.</summary>
/// <remarks>By default it answers as a shell that is asked for its environment, and prints nothing for other commands.</remarks>
internal sealed class ScriptedProcess(
    string output = "", int exitCode = 0, Exception? ending = null, Task? until = null, string errors = "")
    : IEngineProcess
{
    private readonly TaskCompletionSource _killed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when the process is killed, because nobody listens to it any more.</summary>
    public Task Killed => _killed.Task;

    public static ScriptedProcess Of(EngineCommand command)
    {
        const string Print = "printf %s ";
        var written = command.Command.Any(word => word.Contains("==berth-files-written==", StringComparison.Ordinal))
            ? "\n==berth-files-written== 0\n"
            : "";
        return command.Command[^1] is { } last && last.StartsWith(Print, StringComparison.Ordinal)
            && last[Print.Length..].Split(';')[0] is var mark
            ? new ScriptedProcess($"{written}{mark}PATH=/usr/bin:/bin\0HOME=/root\0{mark}")
            : new ScriptedProcess(written);
    }

    public async Task ReadAsync(Func<byte, ReadOnlyMemory<byte>, Task> write, CancellationToken cancellationToken)
    {
        if (output.Length > 0)
        {
            await write(1, Encoding.UTF8.GetBytes(output));
        }

        if (errors.Length > 0)
        {
            await write(2, Encoding.UTF8.GetBytes(errors));
        }

        await (until ?? Task.CompletedTask).WaitAsync(cancellationToken);
    }

    /// <summary>The input so far.</summary>
    public string Input { get; private set; } = "";

    public Task WriteAsync(ReadOnlyMemory<byte> input, CancellationToken cancellationToken)
    {
        Input += Encoding.UTF8.GetString(input.Span);
        return Task.CompletedTask;
    }

    public void CloseInput()
    {
    }

    public Task ResizeAsync(int rows, int columns, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task<int> ExitCodeAsync(TimeProvider time, CancellationToken cancellationToken) =>
        ending is null ? Task.FromResult(exitCode) : throw ending;

    public Task KillAsync(TimeProvider time, CancellationToken cancellationToken)
    {
        _killed.TrySetResult();
        return Task.CompletedTask;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
