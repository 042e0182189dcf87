using Spectre.Console;

namespace Berth.Cli;

/// <summary>
/// What a command uses besides the server: its streams, the environment, and the place of the login. Tests bring their own.
/// </summary>
internal sealed record Terminal(TextReader In, TextWriter Out, TextWriter Error, Func<string, string?> Environment, bool Interactive)
{
    /// <summary>Wide enough that no column of a table wraps when the output is not a terminal.</summary>
    private const int WidthOfAPipe = 4096;

#pragma warning disable RS0030 // The command line is configured through the environment.
    public static Terminal OfProcess() => new(
        Console.In, Console.Out, Console.Error, System.Environment.GetEnvironmentVariable,
        Interactive: !Console.IsInputRedirected && !Console.IsOutputRedirected);
#pragma warning restore RS0030

    public IAnsiConsole Screen()
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(Out),
            Ansi = Interactive ? AnsiSupport.Detect : AnsiSupport.No,
            ColorSystem = Interactive ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
        });
        if (!Interactive)
        {
            console.Profile.Width = WidthOfAPipe;
        }

        return console;
    }
}
