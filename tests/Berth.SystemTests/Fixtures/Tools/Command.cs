using System.Diagnostics;
using System.Text;

namespace Berth.SystemTests.Fixtures.Tools;

/// <summary>What a program printed and how it ended.</summary>
internal sealed record Output(string Command, int ExitCode, string Text, string Error)
{
    public string All => $"$ {Command}\n{Text}{Error}(exit code {ExitCode})";

    public string Line => Text.Trim();
}

/// <summary>A program, with the arguments and environment that all its calls in a test share.</summary>
internal sealed class Command(string program, params string[] leading)
{

    public Dictionary<string, string> Environment { get; } = [];

    public string? Folder { get; init; }

    /// <summary>Runs it. Any exit code other than 0 fails the test and shows what was printed.</summary>
    public async Task<Output> RunAsync(params string[] arguments)
    {
        var output = await TryAsync(null, arguments);
        Assert.True(output.ExitCode == 0, output.All);
        return output;
    }

    public async Task<Output> RunWithInputAsync(string input, params string[] arguments)
    {
        var output = await TryAsync(input, arguments);
        Assert.True(output.ExitCode == 0, output.All);
        return output;
    }

    public async Task<Output> RefusedAsync(params string[] arguments)
    {
        var output = await TryAsync(null, arguments);
        Assert.True(output.ExitCode != 0, "expected to be refused: " + output.All);
        return output;
    }

    public async Task<Output> TryAsync(string? input, params string[] arguments)
    {
        var call = program + " " + string.Join(' ', arguments);
        using var process = Process.Start(Info(arguments))!;
        try
        {
            return await Patience.WithinAsync(
                async token =>
                {
                    var text = process.StandardOutput.ReadToEndAsync(token);
                    var error = process.StandardError.ReadToEndAsync(token);
                    await GiveAsync(process, input ?? "", token);
                    await process.WaitForExitAsync(token);
                    return new Output(call, process.ExitCode, await text, await error);
                },
                () => Task.FromResult(call + " ends"));
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
    }

    private static async Task GiveAsync(Process process, string input, CancellationToken cancellationToken)
    {
        try
        {
            await process.StandardInput.WriteAsync(input.AsMemory(), cancellationToken);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // The program has ended without reading. Its output and exit code say why.
        }
    }

    private ProcessStartInfo Info(string[] arguments)
    {
        var info = new ProcessStartInfo(program, [.. leading, .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            StandardInputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false),
            WorkingDirectory = Folder ?? Path.GetTempPath(),
        };
        foreach (var (name, value) in Environment)
        {
            info.Environment[name] = value;
        }

        return info;
    }
}
