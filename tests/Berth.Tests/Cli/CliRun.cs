using Berth.Cli;
using Berth.Tests.TestServer;

namespace Berth.Tests.Cli;

/// <summary>The result of a run of the command line.</summary>
internal sealed record CliResult(int ExitCode, string Out, string Error);

/// <summary>Runs the command line in this process, against a server and with its own home folder.</summary>
internal sealed class CliRun : IDisposable
{
    private readonly Dictionary<string, string> _environment = new(StringComparer.Ordinal);

    public CliRun(BerthServer? server = null, string? token = null)
    {
        Home = Directory.CreateTempSubdirectory("berth-cli-").FullName;
        _environment["HOME"] = Home;
        if (server is not null)
        {
            _environment["BERTH_URL"] = server.Url.GetLeftPart(UriPartial.Authority);
        }

        if (token is not null)
        {
            _environment["BERTH_TOKEN"] = token;
        }
    }

    public string Home { get; }

    public void Set(string variable, string value) => _environment[variable] = value;

    public Task<CliResult> RunAsync(params string[] args) => RunWithInputAsync("", args);

    public async Task<CliResult> RunWithInputAsync(string input, params string[] args)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        using var reader = new StringReader(input);
        var code = await BerthCli.RunAsync(
            args, new Terminal(reader, output, error, name => _environment.GetValueOrDefault(name), Interactive: false));
        return new CliResult(code, output.ToString(), error.ToString());
    }

    /// <summary>Fails the test unless the command ends with 0. Returns what it printed.</summary>
    public async Task<string> DoAsync(string commandLine)
    {
        var result = await RunAsync(commandLine.Split(' '));
        Assert.True(result.ExitCode == 0, $"berth {commandLine} ended with {result.ExitCode}: {result.Error}");
        return result.Out;
    }

    public void Dispose() => Directory.Delete(Home, recursive: true);
}
