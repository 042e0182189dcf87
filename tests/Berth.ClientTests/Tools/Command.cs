using System.Diagnostics;
using System.Text;

namespace Berth.ClientTests.Tools;

/// <summary>What a program printed and how it ended.</summary>
internal sealed record Output(string Command, int ExitCode, string Text, string Error)
{
    public string All => $"$ {Command}\n{Text}{Error}(exit code {ExitCode})";

    public string Line => Text.Trim();
}

/// <summary>A program with the arguments and environment that all its calls in a test share.</summary>
internal sealed class Command(string program, params string[] leading)
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    public Dictionary<string, string> Environment { get; } = [];

    public string? Folder { get; init; }

    /// <summary>Runs it; anything but exit code 0 fails the test and shows what was printed.</summary>
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
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(Limit);
        using var process = Process.Start(Info(arguments))!;
        try
        {
            var text = process.StandardOutput.ReadToEndAsync(limit.Token);
            var error = process.StandardError.ReadToEndAsync(limit.Token);
            await process.StandardInput.WriteAsync((input ?? "").AsMemory(), limit.Token);
            process.StandardInput.Close();
            await process.WaitForExitAsync(limit.Token);
            return new Output(program + " " + string.Join(' ', arguments), process.ExitCode, await text, await error);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
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
