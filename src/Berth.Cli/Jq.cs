using System.ComponentModel;
using System.Diagnostics;
using System.Text;

namespace Berth.Cli;

/// <summary>
/// What <c>--jq</c> makes of JSON: by the program jq, which is the language that people mean. There is no implementation of it for .NET
/// that is kept well, and half a language would be worse than none.
/// </summary>
internal static class Jq
{
    private const int WrongExpression = 3;

    /// <summary>Before anything is asked: what is done should not fail for want of a way to show it.</summary>
    /// <exception cref="CommandException">There is no jq here, or it does not understand the expression.</exception>
    public static Task CheckAsync(string expression, CancellationToken cancellationToken) =>
        RunAsync(["-n", $"empty | ({expression}\n)"], "", cancellationToken);

    /// <summary>Texts come without quotes, as with gh.</summary>
    /// <exception cref="CommandException">The expression does not fit what there is.</exception>
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
            // It has ended before it read everything; its exit code says why.
        }
    }

    /// <summary>Its first line: below stands the expression as it was wrapped here.</summary>
    private static string Message(string said)
    {
        var line = said.Split('\n', 2)[0].Trim();
        var place = line.IndexOf(", line ", StringComparison.Ordinal);
        return "--jq: " + (place > 0 ? line[..place] : line).Replace("jq: error: ", "", StringComparison.Ordinal);
    }
}
