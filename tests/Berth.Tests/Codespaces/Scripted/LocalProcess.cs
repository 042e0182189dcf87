using System.Diagnostics;
using Berth.Server.Codespaces.Engine;

namespace Berth.Tests.Codespaces.Scripted;

/// <summary>A process of a scripted container that runs on this machine, with the command that a real container would run.</summary>
internal sealed class LocalProcess : IEngineProcess
{
    private readonly Process _process;

    /// <param name="path">The folders that are searched for programs. Null: the usual ones.</param>
    public LocalProcess(EngineCommand command, string? path = null)
    {
        Assert.False(WritesHere(command), "what a start puts into its container would go into this machine's home folder and /run");
        var start = new ProcessStartInfo(command.Command[0])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            // The folders of a codespace do not exist on this machine.
            WorkingDirectory = Directory.Exists(command.Folder) ? command.Folder : "/",
        };
        foreach (var argument in command.Command.Skip(1))
        {
            start.ArgumentList.Add(argument);
        }

        foreach (var entry in command.Environment)
        {
            var parts = entry.Split('=', 2);
            start.Environment[parts[0]] = parts[1];
        }

        if (path is not null)
        {
            start.Environment["PATH"] = path;
        }

        _process = Process.Start(start)!;
    }

    /// <summary>Runs the command. One that writes a start's own files is not run, but answered as if it had written them.</summary>
    public static IEngineProcess Of(EngineCommand command, string? path = null) =>
        WritesHere(command) ? ScriptedProcess.Of(command) : new LocalProcess(command, path);

    public async Task ReadAsync(Func<byte, ReadOnlyMemory<byte>, Task> write, CancellationToken cancellationToken)
    {
        using var one = new SemaphoreSlim(1);
        async Task PumpAsync(byte number, Stream stream)
        {
            var buffer = new byte[32 * 1024];
            int read;
            while ((read = await stream.ReadAsync(buffer, cancellationToken)) > 0)
            {
                await one.WaitAsync(cancellationToken);
                try
                {
                    await write(number, buffer.AsMemory(0, read));
                }
                finally
                {
                    one.Release();
                }
            }
        }

        await Task.WhenAll(PumpAsync(1, _process.StandardOutput.BaseStream), PumpAsync(2, _process.StandardError.BaseStream));
    }

    public async Task WriteAsync(ReadOnlyMemory<byte> input, CancellationToken cancellationToken)
    {
        await _process.StandardInput.BaseStream.WriteAsync(input, cancellationToken);
        await _process.StandardInput.BaseStream.FlushAsync(cancellationToken);
    }

    public void CloseInput() => _process.StandardInput.Close();

    public Task ResizeAsync(int rows, int columns, CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task<int> ExitCodeAsync(TimeProvider time, CancellationToken cancellationToken)
    {
        await _process.WaitForExitAsync(cancellationToken);
        return _process.ExitCode;
    }

    public Task KillAsync(TimeProvider time, CancellationToken cancellationToken)
    {
        _process.Kill(entireProcessTree: true);
        return Task.CompletedTask;
    }

    public ValueTask DisposeAsync()
    {
        _process.Dispose();
        return ValueTask.CompletedTask;
    }

    private static bool WritesHere(EngineCommand command) =>
        command.Command.Any(argument => argument.Contains("/.gitconfig", StringComparison.Ordinal)
            || argument.Contains("/run/berth/git", StringComparison.Ordinal));
}
