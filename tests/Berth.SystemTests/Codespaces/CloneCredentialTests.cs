using Berth.Server.Codespaces;
using Berth.Server.Codespaces.Git;
using Berth.Server.Codespaces.Networks;
using Berth.Server.Codespaces.Sandbox;
using Berth.Server.Faults;
using Berth.Server.Http;
using Berth.Server.Repositories.Cloning;
using Berth.Server.Settings;
using Berth.SystemTests.Fixtures.Codespaces;
using Berth.SystemTests.Fixtures.Tools;
using Microsoft.Extensions.Configuration;

namespace Berth.SystemTests.Codespaces;

/// <summary>
/// Private git servers, with the real git in the sandbox. A credential opens the server that it is for, and is seen nowhere else.
/// </summary>
public sealed class CloneCredentialTests : IDisposable
{
    private const string Password = "p@ss 'w\"ord$HOME `id` \\ é %20";
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_private_repository_is_cloned_with_its_credential(bool secure)
    {
        await using var server = await ServerAsync(secure);
        var url = server.Url + "/app.git";
        List<string> said = [];
        var clone = await CloneAsync(server, url, Credential(url), said);
        Assert.Equal("hello\n", await File.ReadAllTextAsync(Path.Combine(clone, "README.md"), Token));

        // The password is neither in the checkout, nor in anything beside it, nor in git's output.
        Assert.DoesNotContain(
            Password, await File.ReadAllTextAsync(Path.Combine(clone, ".git", "config"), Token), StringComparison.Ordinal);
        foreach (var file in Directory.EnumerateFiles(_folder["clone"], "*", SearchOption.AllDirectories)
            .Concat(Directory.EnumerateFiles(_folder["files"])))
        {
            Assert.DoesNotContain(Password, await File.ReadAllTextAsync(file, Token), StringComparison.Ordinal);
        }

        Assert.DoesNotContain(said, line => line.Contains(Password, StringComparison.Ordinal));
        Assert.Empty(Directory.EnumerateFiles(_folder["files"], "askpass*"));
    }

    [Fact]
    public async Task Without_one_or_with_a_wrong_one_the_reason_says_what_would_help()
    {
        await using var server = await ServerAsync(secure: false);
        var url = server.Url + "/app.git";
        var without = await Assert.ThrowsAsync<FaultException>(() => CloneAsync(server, url, null, []));
        Assert.Contains(
            "no clone credential is stored for it. Remedy: an admin of the repository can run berth repo clone-credential set",
            without.Message, StringComparison.Ordinal);
        var wrong = await Assert.ThrowsAsync<FaultException>(
            () => CloneAsync(server, url, Credential(url) with { Password = "wrong-pass-word" }, []));
        Assert.Contains("the git server rejects the repository's clone credential (user ada)", wrong.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("wrong-pass-word", wrong.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_server_never_sees_it()
    {
        await using var server = await ServerAsync(secure: false);
        await using var other = await GitServer.StartAsync(_folder.Create("other"), "x", "y");
        var credential = Credential(server.Url + "/app.git");
        await Assert.ThrowsAsync<ArgumentException>(() => CloneAsync(server, other.Url + "/app.git", credential, []));

        // Even if git were sent to the other server and asked for its password, it would get no answer.
        var view = View();
        using var askpass = new CloneAskpass(credential, server.Url + "/app.git", view);
        foreach (var question in new[]
        {
            $"Username for '{other.Url}': ",
            $"Password for 'http://ada@{new Uri(other.Url).Authority}': ",
            "Password: ",
            "",
        })
        {
            var answer = await Askpass(askpass).TryAsync(null, question);
            Assert.Equal((1, ""), (answer.ExitCode, answer.Text));
        }

        Assert.Equal("ada\n", (await Askpass(askpass).RunAsync($"Username for '{server.Url}': ")).Text);
        Assert.Equal(
            Password + "\n", (await Askpass(askpass).RunAsync($"Password for 'http://ada@{new Uri(server.Url).Authority}': ")).Text);
        Assert.Empty(other.Seen);
    }

    [Fact]
    public async Task It_is_in_no_argument_and_no_environment_while_git_runs()
    {
        await using var server = await ServerAsync(secure: false);
        var url = server.Url + "/app.git";
        var watch = ProcessArguments.Watch("cmdline", "environ");

        // git has to wait for its answers until its process has been seen.
        server.BeforeAnswer = () => watch.SeenAsync(url);
        for (var i = 0; i < 3; i++)
        {
            await CloneAsync(server, url, Credential(url), []);
        }

        Assert.DoesNotContain("p@ss", await watch.EndAsync(), StringComparison.Ordinal);
    }

    private static CloneCredential Credential(string url) => new("ada", Password, CloneOrigin.Of(url)!, "the repository's");

    private static Command Askpass(CloneAskpass askpass)
    {
        var command = new Command(askpass.Paths[0]);
        foreach (var (name, value) in askpass.Environment)
        {
            command.Environment[name] = value;
        }

        return command;
    }

    private async Task<GitServer> ServerAsync(bool secure)
    {
        Requirement.Program("bwrap");
        var root = _folder.Create("private");
        await GitServer.CreateAsync(root, "app", ("README.md", "hello\n"));
        return await GitServer.StartAsync(root, "ada", Password, secure);
    }

    private SandboxView View() =>
        new(SandboxUser.Next(), _folder.Create("files")) { Home = _folder.Create("home-" + Guid.CreateVersion7().ToString("N")) };

    private async Task<string> CloneAsync(GitServer server, string url, CloneCredential? credential, List<string> said)
    {
        var outgoing = new OutgoingOptions { AllowedNetworks = "127.0.0.1", CaFile = server.CaFile };
        var data = new DataOptions { Data = _folder.Create("data") };
        var tools = new CodespaceTools(new ConfigurationBuilder().AddEnvironmentVariables().Build());
        using var sandbox = new SandboxedProcess(tools, TimeProvider.System);
        using var firewall = new Firewall(
            tools, new CodespaceHost(data), data, new ListeningOptions(), new AddressOptions(), outgoing, TimeProvider.System);
        var clone = new CloneRepository(
            new SandboxedGit(outgoing, new OutgoingNetworks(outgoing), tools, firewall, sandbox, TimeProvider.System));
        CodespaceFolders.Delete(_folder["clone"]);
        await clone.RunAsync(url, null, _folder["clone"], View(), credential, said.Add, Token);
        return _folder["clone"];
    }
}
