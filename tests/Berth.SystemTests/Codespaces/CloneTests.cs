using System.Collections.Concurrent;
using Berth.Server.Codespaces;
using Berth.Server.Codespaces.Git;
using Berth.Server.Codespaces.Networks;
using Berth.Server.Codespaces.Sandbox;
using Berth.Server.Faults;
using Berth.Server.Http;
using Berth.Server.Settings;
using Berth.SystemTests.Fixtures.Codespaces;
using Berth.SystemTests.Fixtures.Tools;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

namespace Berth.SystemTests.Codespaces;

/// <summary>Clones with the real git, from a git server on loopback whose answers the test decides.</summary>
public sealed class CloneTests : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private readonly ConcurrentQueue<string> _asked = new();
    private WebApplication? _server;
    private RequestDelegate? _answer;

    private string Url => _server!.Urls.Single() + "/app.git";

    public async ValueTask InitializeAsync()
    {
        Requirement.Program("git");
        Requirement.Program("bwrap");
        Requirement.Program("nft");
        var work = _folder.Create("work");
        var git = new Command("git", "-C", work, "-c", "user.name=ada", "-c", "user.email=ada@example.com");
        await git.RunAsync("init", "--quiet", "--initial-branch=trunk");
        await File.WriteAllTextAsync(Path.Combine(work, "README.md"), "hello\n", TestContext.Current.CancellationToken);
        await git.RunAsync("add", "--all");
        await git.RunAsync("commit", "--quiet", "--message", "first");
        await git.RunAsync("branch", "feature/x");
        await new Command("git").RunAsync("clone", "--quiet", "--bare", work, _folder["app.git"]);
        await new Command("git", "-C", _folder["app.git"]).RunAsync("update-server-info");

        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _server = builder.Build();
        _server.Run(ServeAsync);
        await _server.StartAsync(TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }

        _folder.Dispose();
    }

    [Fact]
    public async Task A_repository_is_cloned_at_the_remotes_own_branch_or_the_one_that_was_asked_for()
    {
        Assert.Equal("trunk", await BranchAsync(await CloneAsync(Url)));
        Assert.Equal("feature/x", await BranchAsync(await CloneAsync(Url, "refs/heads/feature/x")));
    }

    [Fact]
    public async Task The_clone_keeps_nothing_of_how_it_was_made()
    {
        var clone = await CloneAsync(Url);
        var configuration = await File.ReadAllTextAsync(Path.Combine(clone, ".git", "config"), TestContext.Current.CancellationToken);
        Assert.Contains("url = " + Url, configuration, StringComparison.Ordinal);
        Assert.DoesNotContain("hooksPath", configuration, StringComparison.Ordinal);
        Assert.DoesNotContain("curlopt", configuration, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Combine(clone, ".git", "hooks")));
    }

    [Fact]
    public async Task An_address_that_outgoing_requests_may_not_reach_is_never_asked()
    {
        Assert.Contains("BERTH_ALLOWED_NETWORKS", await RefusedAsync(Url, allowed: null), StringComparison.Ordinal);
        Assert.Contains(
            "BERTH_ALLOWED_NETWORKS", await RefusedAsync(Url.Replace("127.0.0.1", "localhost", StringComparison.Ordinal), allowed: null),
            StringComparison.Ordinal);
        Assert.Contains(
            "BERTH_ALLOWED_NETWORKS", await RefusedAsync("http://169.254.169.254/latest/meta-data", allowed: null),
            StringComparison.Ordinal);
        Assert.Empty(_asked);
    }

    [Fact]
    public async Task The_firewall_stands_while_git_fetches_also_before_there_is_a_codespace()
    {
        var table = "berth_" + Firewall.Mark(new CodespaceHost(Data()).Name);
        ConcurrentQueue<int> seen = new();
        _answer = async http =>
        {
            seen.Enqueue((await new Command("nft").TryAsync(null, "list", "table", "inet", table)).ExitCode);
            await SendAsync(http);
        };
        await CloneAsync(Url);
        Assert.NotEmpty(seen);
        Assert.All(seen, code => Assert.Equal(0, code));
        Assert.NotEqual(0, (await new Command("nft").TryAsync(null, "list", "table", "inet", table)).ExitCode);
    }

    [Fact]
    public async Task A_redirect_is_not_followed()
    {
        _answer = http =>
        {
            http.Response.Redirect("http://127.0.0.1:1/app.git/info/refs");
            return Task.CompletedTask;
        };
        Assert.Contains("redirects are not followed", await RefusedAsync(Url), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_wants_a_sign_in_gets_none_and_the_reason_says_so()
    {
        _answer = http =>
        {
            http.Response.StatusCode = 401;
            http.Response.Headers.WWWAuthenticate = "Basic realm=\"git\"";
            return Task.CompletedTask;
        };
        Assert.Contains("asks for a sign-in", await RefusedAsync(Url), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("URL", "no-such-branch", "create the codespace with a branch or tag that exists")]
    [InlineData("URL", "--upload-pack=touch /tmp/x", "is not the name of a branch or tag")]
    [InlineData("ext::sh -c 'touch /tmp/x'", null, "is not supported")]
    [InlineData("ssh://-oProxyCommand=touch/x", null, "is not supported")]
    [InlineData("git@git.test:acme/app.git", null, "is not supported")]
    [InlineData("--upload-pack=touch", null, "is not supported")]
    [InlineData("/srv/app.git", null, "BERTH_ALLOW_FILE_CLONE")]
    [InlineData("file:///srv/app.git", null, "BERTH_ALLOW_FILE_CLONE")]
    [InlineData("http://ada:secret@127.0.0.1/app.git", null, "contains a user name or password")]
    [InlineData("http://no-such-host.invalid/app.git", null, "cannot be found")]
    [InlineData("http://127.0.0.1:1/app.git", null, "failed")]
    public async Task What_cannot_be_cloned_is_refused_with_the_reason(string url, string? reference, string reason)
    {
        var said = await RefusedAsync(url.Replace("URL", Url, StringComparison.Ordinal), reference: reference);
        Assert.Contains(reason, said, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_folder_of_this_machine_is_cloned_where_the_operator_allows_it()
    {
        // The owner of the folder does not matter here, although git by itself checks it.
        await new Command("chown").TryAsync(null, "-R", "1000:1000", _folder["app.git"]);
        var clone = await CloneAsync(new Uri(_folder["app.git"]).AbsoluteUri, allowFile: true);
        Assert.True(File.Exists(Path.Combine(clone, "README.md")));
    }

    private async Task ServeAsync(HttpContext http)
    {
        _asked.Enqueue(http.Request.Path);
        if (_answer is not null)
        {
            await _answer(http);
            return;
        }

        await SendAsync(http);
    }

    /// <summary>Sends the files of a bare repository, which is git's "dumb" protocol.</summary>
    private async Task SendAsync(HttpContext http)
    {
        var file = _folder[http.Request.Path.Value!.TrimStart('/')];
        if (File.Exists(file))
        {
            await http.Response.SendFileAsync(file);
        }
        else
        {
            http.Response.StatusCode = 404;
        }
    }

    private DataOptions Data() => new() { Data = _folder.Create("data") };

    private async Task<string> CloneAsync(string url, string? reference = null, string? allowed = "127.0.0.1", bool allowFile = false)
    {
        var data = Data();
        var outgoing = new OutgoingOptions { AllowedNetworks = allowed, AllowFileClone = allowFile };
        var tools = new CodespaceTools(new ConfigurationBuilder().AddEnvironmentVariables().Build());
        using var sandbox = new SandboxedProcess(tools, TimeProvider.System);
        using var firewall = new Firewall(
            tools, new CodespaceHost(data), data, new ListeningOptions(), new AddressOptions(), outgoing, TimeProvider.System);
        var clone = new CloneRepository(
            new SandboxedGit(outgoing, new OutgoingNetworks(outgoing), tools, firewall, sandbox, TimeProvider.System));
        var name = Guid.CreateVersion7().ToString("N");
        var view = new SandboxView(SandboxUser.Next(), _folder.Create("files")) { Home = _folder.Create("home-" + name) };
        await clone.RunAsync(
            url, reference, _folder["clone-" + name], view, credential: null, _ => { }, TestContext.Current.CancellationToken);
        return _folder["clone-" + name];
    }

    private async Task<string> RefusedAsync(string url, string? allowed = "127.0.0.1", string? reference = null) =>
        (await Assert.ThrowsAsync<FaultException>(() => CloneAsync(url, reference, allowed))).Message;

    private static async Task<string> BranchAsync(string clone) =>
        (await new Command("git", "-c", "safe.directory=*", "-C", clone).RunAsync("branch", "--show-current")).Line;
}
