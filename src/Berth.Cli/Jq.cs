using System.ComponentModel;
using System.Diagnostics;
using System.Text;

namespace Berth.Cli;

/// <summary>
/// Applies <c>--jq</c> to JSON with the program jq, whose language people mean. There is no well maintained implementation for .NET, and
/// half of the language would be worse than none.
/// </summary>
internal static class Jq
{
    private const int WrongExpression = 3;

    /// <summary>Checks the expression before any request, so that an action does not end with a failure to print its result.</summary>
    /// <exception cref="CommandException">jq is not installed, or does not understand the expression.</exception>
    public static Task CheckAsync(string expression, CancellationToken cancellationToken) =>
        RunAsync(["-n", $"empty | ({expression}\n)"], "", cancellationToken);

    /// <summary>Prints texts without quotes, as gh does.</summary>
    /// <exception cref="CommandException">The expression does not fit the JSON.</exception>
    public static Task<string> ApplyAsync(string expression, string json, CancellationToken cancellationToken) =>
        RunAsync(["-r", expression], json, cancellationToken);

    private static async Task<string> RunAsync(string[] arguments, string input, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo("jq", arguments)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardInputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false),
            StandardOutputEncoding = Encoding.UTF8,
        };
        try
        {
            using var jq = Process.Start(start)!;
            var output = jq.StandardOutput.ReadToEndAsync(cancellationToken);
            var errors = jq.StandardError.ReadToEndAsync(cancellationToken);
            await FeedAsync(jq, input, cancellationToken);
            await jq.WaitForExitAsync(cancellationToken);
            return jq.ExitCode == 0
                ? await output
                : throw new CommandException(jq.ExitCode == WrongExpression ? ExitCodes.Usage : ExitCodes.Failed, Message(await errors));
        }
        catch (Win32Exception)
        {
            throw new CommandException(
                ExitCodes.Failed, "--jq needs the program jq, which is not installed here: https://jqlang.org/download; --json needs none");
        }
    }

    private static async Task FeedAsync(Process jq, string input, CancellationToken cancellationToken)
    {
        try
        {
            await jq.StandardInput.WriteAsync(input.AsMemory(), cancellationToken);
            jq.StandardInput.Close();
        }
        catch (IOException)
        {
            // jq has ended before it read everything. Its exit code says why.
        }
    }

    /// <summary>Takes the first line. Below it jq prints the expression, as it was wrapped here.</summary>
    private static string Message(string said)
    {
        var line = said.Split('\n', 2)[0].Trim();
        var place = line.IndexOf(", line ", StringComparison.Ordinal);
        return "--jq: " + (place > 0 ? line[..place] : line).Replace("jq: error: ", "", StringComparison.Ordinal);
    }
}
