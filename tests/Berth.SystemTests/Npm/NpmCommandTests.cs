using System.Net;
using System.Text.RegularExpressions;
using Berth.SystemTests.Fixtures.Clients;
using Berth.SystemTests.Fixtures.Server;
using Berth.SystemTests.Fixtures.Tools;

namespace Berth.SystemTests.Npm;

/// <summary>npm's commands that are not about packages themselves, with what npm itself sends and prints.</summary>
public sealed partial class NpmCommandTests(SharedServer shared) : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private Person? _person;
    private NpmClient? _ada;
    private string _acme = "";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _person = await shared.Process.UserAsync("ada");
        _acme = await _person.OrganizationAsync("acme");
        _ada = Client("ada", _person.Token);
    }

    public ValueTask DisposeAsync()
    {
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>The token in <c>.npmrc</c> has ended, which is why somebody logs in. npm sends it nevertheless.</summary>
    [Fact]
    public async Task A_login_by_a_page_gives_a_token_of_its_own()
    {
        var client = Client("laptop", "berthp_ended");
        var npm = client.Npm(client.Home);
        var shell = new Command("sh", "-c") { Folder = client.Home };
        foreach (var (name, value) in npm.Environment)
        {
            shell.Environment[name] = value;
        }

        var printed = Path.Combine(client.Home, "login.txt");
        var login = shell.RunAsync($"exec npm login --auth-type=web --browser=false --registry={client.Registry} > login.txt 2>&1");
        await Patience.UntilAsync(
            async () => login.IsCompleted || (File.Exists(printed) && Page().IsMatch(await File.ReadAllTextAsync(printed, Token))));
        var page = Page().Match(await File.ReadAllTextAsync(printed, Token));
        Assert.True(page.Success, await File.ReadAllTextAsync(printed, Token));
        using (var browser = shared.Process.Client(null))
        using (var form = new FormUrlEncodedContent([new("token", _person!.Token)]))
        using (var confirmed = await browser.PostAsync(new Uri(page.Value.Trim()), form, Token))
        {
            Assert.Equal(HttpStatusCode.OK, confirmed.StatusCode);
        }

        await login;
        Assert.Contains("Logged in on", await File.ReadAllTextAsync(printed, Token), StringComparison.Ordinal);
        Assert.Equal(_person.Login, (await client.NpmAsync(client.Home, "whoami", "--registry", client.Registry)).Line);
        var configuration = await File.ReadAllTextAsync(Path.Combine(client.Home, ".npmrc"), Token);
        Assert.DoesNotContain(_person.Token, configuration, StringComparison.Ordinal);
        await client.PublishAsync($"@{_acme}/lib", "1.0.0");
        Assert.Contains("name npm login ", await RunAsync(client, "token", "list"), StringComparison.Ordinal);
        await RunAsync(client, "logout");
        Assert.DoesNotContain("name npm login ", await RunAsync(_ada!, "token", "list"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Teams_members_and_owners_are_shown_and_changed()
    {
        var bob = await shared.Process.UserAsync("bob");
        var (team, lib) = ($"{_acme}:core", $"@{_acme}/lib");
        await _ada!.PublishAsync(lib, "1.0.0");
        Assert.Equal($"+@{team}", await RunAsync(_ada, "team", "create", team));
        Assert.Equal($"@{_acme} has 1 team:\n@{team}", await RunAsync(_ada, "team", "ls", _acme));
        Assert.StartsWith(
            $"Added {bob.Login} as developer to {_acme}.", await RunAsync(_ada, "org", "set", _acme, bob.Login), StringComparison.Ordinal);
        Assert.Equal($"{_person!.Login} - owner\n{bob.Login} - developer", await RunAsync(_ada, "org", "ls", _acme));
        await RunAsync(_ada, "team", "add", team, bob.Login);
        Assert.Equal($"@{team} has 1 user:\n{bob.Login}", await RunAsync(_ada, "team", "ls", team));

        await RunAsync(_ada, "access", "grant", "read-write", team, lib);
        Assert.Equal($"{lib}: read-write", await RunAsync(_ada, "access", "list", "packages", team));
        var client = Client("bob", bob.Token);
        await client.PublishAsync(lib, "1.1.0");
        await RunAsync(_ada, "access", "revoke", team, lib);
        await client.RefusedAsync(client.Package(lib, "1.2.0"), "publish");

        await RunAsync(_ada, "owner", "add", bob.Login, lib);
        Assert.Equal($"{_acme} <>\n{_person.Login} <>\n{bob.Login} <>", await RunAsync(_ada, "owner", "ls", lib));
        Assert.Equal(
            $"{_person.Login}: read-write\n{bob.Login}: read-write", await RunAsync(client, "access", "list", "collaborators", lib));
        var closed = await client.RefusedAsync(client.Home, "access", "set", "status=public", lib);
        Assert.Contains("let only its owners make packages public", closed.All, StringComparison.Ordinal);
        Assert.Equal($"{lib}: public", await RunAsync(_ada, "access", "set", "status=public", lib));
        await RunAsync(_ada, "owner", "rm", bob.Login, lib);
        Assert.Equal($"{_acme} <>\n{_person.Login} <>", await RunAsync(_ada, "owner", "ls", lib));

        await RunAsync(_ada, "team", "rm", team, bob.Login);
        Assert.Equal($"-@{team}", await RunAsync(_ada, "team", "destroy", team));
        await RunAsync(_ada, "org", "rm", _acme, bob.Login);
        var last = await _ada.RefusedAsync(_ada.Home, "org", "rm", _acme, _person.Login, "--registry", _ada.Registry);
        Assert.Contains("is the last owner", last.All, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_token_is_made_used_and_revoked()
    {
        var created = await RunAsync(
            _ada!, "token", "create", "--password", _person!.Token, "--name", "ci", "--packages-and-scopes-permission", "read-only");
        var secret = created.Split(' ')[^1];
        var client = Client("ci", secret);
        Assert.Equal(_person.Login, await RunAsync(client, "whoami"));
        await client.RefusedAsync(client.Package($"@{_acme}/lib", "1.0.0"), "publish");
        var list = await RunAsync(_ada!, "token", "list");
        var id = Regex.Match(list, "id (?<id>[0-9a-f]+) name ci ", RegexOptions.None, TimeSpan.FromSeconds(1)).Groups["id"].Value;
        Assert.Equal("Removed 1 token", await RunAsync(_ada!, "token", "revoke", id));
        var ended = await client.RefusedAsync(client.Home, "whoami", "--registry", client.Registry);
        Assert.Contains("E401", ended.All, StringComparison.Ordinal);
        Assert.Contains($"name: {_person.Login}", await RunAsync(_ada!, "profile", "get"), StringComparison.Ordinal);
    }

    private static async Task<string> RunAsync(NpmClient client, params string[] arguments) =>
        (await client.NpmAsync(client.Home, [.. arguments, "--registry", client.Registry])).Line;

    private NpmClient Client(string name, string? token) => new(_folder, shared.Process, name, _acme, token);

    [GeneratedRegex(@"http\S+/login/npm\?code=[0-9a-f]{64}\s", RegexOptions.NonBacktracking)]
    private static partial Regex Page();
}
