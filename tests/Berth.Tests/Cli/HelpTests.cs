using System.CommandLine;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.RegularExpressions;
using Berth.Cli;

namespace Berth.Tests.Cli;

/// <summary>
/// The help of every command, as it was when somebody last read it: <c>help.txt</c> beside this file. After an intended change, run this
/// test with <c>BERTH_WRITE_GOLDEN=1</c> and read the difference.
/// </summary>
public sealed partial class HelpTests
{
    [Fact]
    public async Task Help_of_every_command_is_the_golden_one()
    {
        using var cli = new CliRun();
        var all = new StringBuilder();
        foreach (var path in Paths(BerthCli.Build(), []))
        {
            var result = await cli.RunAsync([.. path, "--help"]);
            Assert.Equal(0, result.ExitCode);
            all.Append($"=== berth {string.Join(' ', path)}".TrimEnd()).Append('\n').Append(Trimmed(result.Out)).Append('\n');
        }

        var golden = Path.Combine(ThisFolder(), "help.txt");
#pragma warning disable RS0030 // How a person asks this test to write.
        if (Environment.GetEnvironmentVariable("BERTH_WRITE_GOLDEN") == "1")
#pragma warning restore RS0030
        {
            await File.WriteAllTextAsync(golden, all.ToString(), TestContext.Current.CancellationToken);
        }

        Assert.Equal(await File.ReadAllTextAsync(golden, TestContext.Current.CancellationToken), all.ToString());
    }

    [Fact]
    public void Every_command_has_examples_that_begin_with_its_own_name_or_end_in_a_pipe_to_it()
    {
        foreach (var (command, path) in Commands(BerthCli.Build(), []))
        {
            var name = "berth " + string.Join(' ', path);
            Assert.NotEmpty(command.Examples);
            Assert.All(
                command.Examples, example => Assert.Contains(command.Run is null ? "berth " : name, example, StringComparison.Ordinal));
        }
    }

    [Fact]
    public void Every_example_is_a_command_line_that_parses()
    {
        foreach (var (command, _) in Commands(BerthCli.Build(), []))
        {
            foreach (var example in command.Examples)
            {
                // The part of a pipeline that is berth's, without redirections. Quotes keep a word together.
                var part = example.Split(" | ").First(text => text.Contains("berth ", StringComparison.Ordinal));
                var line = part[(part.IndexOf("berth ", StringComparison.Ordinal) + "berth ".Length)..]
                    .Split([" < ", " > "], StringSplitOptions.None)[
                    0];
                var args = Word().Matches(line).Select(word => word.Value.Trim('"', '\''));
                Assert.Empty(BerthCli.Build().Parse([.. args]).Errors);
            }
        }
    }

    private static IEnumerable<string[]> Paths(Command command, string[] path) =>
        [path, .. command.Subcommands.SelectMany(sub => Paths(sub, [.. path, sub.Name]))];

    private static IEnumerable<(BerthCommand Command, string[] Path)> Commands(Command command, string[] path)
    {
        foreach (var sub in command.Subcommands.OfType<BerthCommand>())
        {
            string[] below = [.. path, sub.Name];
            yield return (sub, below);
            foreach (var deeper in Commands(sub, below))
            {
                yield return deeper;
            }
        }
    }

    /// <summary>Removes spaces at line ends, which differ by version and mean nothing.</summary>
    private static string Trimmed(string text) => string.Join('\n', text.Split('\n').Select(line => line.TrimEnd())).TrimEnd('\n') + "\n";

    private static string ThisFolder([CallerFilePath] string file = "") => Path.GetDirectoryName(file)!;

    [GeneratedRegex("\"[^\"]*\"|'[^']*'|[^ ]+", RegexOptions.NonBacktracking)]
    private static partial Regex Word();
}
