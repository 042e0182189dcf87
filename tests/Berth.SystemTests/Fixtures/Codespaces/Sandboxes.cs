using Berth.Server.Codespaces;
using Berth.Server.Codespaces.Sandbox;
using Berth.SystemTests.Fixtures.Tools;
using Microsoft.Extensions.Configuration;

namespace Berth.SystemTests.Fixtures.Codespaces;

/// <summary>Runs a shell command in a sandbox, and without one as the server would.</summary>
internal sealed class Sandboxes : IDisposable
{
    private readonly SandboxedProcess _sandbox;
    private readonly string _files;
    private readonly int _user = SandboxUser.Next();

    public Sandboxes(TemporaryFolder folder)
    {
        foreach (var program in new[] { "bwrap", "setpriv", "prlimit", "choom" })
        {
            Requirement.Program(program);
        }

        Requirement.Root();
        _files = folder.Create("files");
        Home = folder.Create("home");
        Tools = new CodespaceTools(new ConfigurationBuilder().AddEnvironmentVariables().Build());
        _sandbox = new SandboxedProcess(Tools, TimeProvider.System);
    }

    public string Home { get; }

    public CodespaceTools Tools { get; }

    public SandboxView View => new(_user, _files) { Home = Home };

    /// <summary>Returns what the command printed to both streams.</summary>
    public async Task<string> InsideAsync(string command, SandboxView? view = null, TimeSpan? timeout = null)
    {
        var said = new System.Collections.Concurrent.ConcurrentQueue<string>();
        var environment = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["PATH"] = "/usr/bin:/bin:/usr/sbin",
            ["HOME"] = Home,
            ["GIT_CONFIG_NOSYSTEM"] = "1",
        };
        var result = await _sandbox.RunAsync(
            view ?? View, "/bin/bash", ["-c", command], environment, Home, said.Enqueue, timeout ?? Patience.Limit,
            TestContext.Current.CancellationToken);
        return result.Output + string.Join('\n', said);
    }

    /// <summary>Runs the command without the boundary.</summary>
    public async Task<string> OutsideAsync(string command)
    {
        var shell = new Command("/bin/bash", "-c") { Folder = Home };
        shell.Environment["BERTH_TEST_SECRET"] = "s3cret";
        shell.Environment["HOME"] = Home;
        var output = await shell.TryAsync(null, command);
        return output.Text + output.Error;
    }

    public void Dispose() => _sandbox.Dispose();
}
