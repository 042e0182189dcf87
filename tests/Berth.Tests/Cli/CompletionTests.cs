using System.ComponentModel;
using System.Diagnostics;
using Berth.Cli;
using Berth.Cli.Completion;

namespace Berth.Tests.Cli;

/// <summary>The completion of each shell, run in that shell if it is installed.</summary>
public sealed class CompletionTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("", "pack", "package")]
    [InlineData("package", "li", "link")]
    [InlineData("package access", "", "ls grant revoke --help --jq --json")]
    [InlineData("package ls acme", "--vis", "--visibility")]
    [InlineData("package list acme", "--vis", "--visibility")]
    [InlineData("package ls acme --visibility", "", "public internal private")]
    [InlineData("package ls --type", "n", "npm")]
    [InlineData("hook add acme --secret-file", "", "")]
    [InlineData("completion", "z", "zsh")]
    public async Task Bash_completes_commands_options_and_values(string before, string current, string expected)
    {
        var words = string.Join(' ', before.Split(' ', StringSplitOptions.RemoveEmptyEntries).Append(current).Select(word => $"'{word}'"));
        var found = await RunAsync(
            "bash", "--norc", "-c",
            $$"""
            {{await ScriptAsync("bash")}}
            COMP_WORDS=(berth {{words}}); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _berth; echo "${COMPREPLY[*]}"
            """);
        Assert.Equal(
            expected.Split(' ').Order(StringComparer.Ordinal), found.Trim().Split(' ').Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("zsh", "-n")]
    [InlineData("fish", "--no-execute")]
    public async Task Other_shells_understand_theirs(string shell, string withoutRunning)
    {
        var script = await ScriptAsync(shell);
        Assert.Contains("registry check", script, StringComparison.Ordinal);
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, script, Token);
            await RunAsync(shell, withoutRunning, file);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public void Every_command_is_completed()
    {
        var places = CompletionTable.Of(BerthCli.Build());
        Assert.Contains(places, place => place.Path == "package retention preview");
        foreach (var place in places)
        {
            Assert.All(place.Commands, word => Assert.Contains(places, other => other.Path == $"{place.Path} {word.Text}".TrimStart()));
            Assert.Contains(place.Options, option => option.Word.Text == "--json" && option.Values is null);
            Assert.Contains(place.Options, option => option.Word.Text == "--jq" && option.Values is not null);
        }
    }

    private static async Task<string> ScriptAsync(string shell)
    {
        using var cli = new CliRun();
        return await cli.DoAsync($"completion {shell}");
    }

    /// <summary>Fails the test when the shell reports an error. Skips it when the shell is missing.</summary>
    private static async Task<string> RunAsync(string shell, params string[] arguments)
    {
        var start = new ProcessStartInfo(shell, arguments)
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        Process? process = null;
        try
        {
            process = Process.Start(start)!;
        }
        catch (Win32Exception)
        {
            Assert.Skip($"there is no {shell} here");
        }

        using (process)
        {
            var errors = process.StandardError.ReadToEndAsync(Token);
            var output = await process.StandardOutput.ReadToEndAsync(Token);
            await process.WaitForExitAsync(Token);
            Assert.Equal((0, ""), (process.ExitCode, await errors));
            return output;
        }
    }
}
