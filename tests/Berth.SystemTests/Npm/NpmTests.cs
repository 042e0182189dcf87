using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using Berth.SystemTests.Fixtures.Clients;
using Berth.SystemTests.Fixtures.Server;
using Berth.SystemTests.Fixtures.Tools;

namespace Berth.SystemTests.Npm;

/// <summary>The life of a package, as npm itself lives it.</summary>
public sealed class NpmTests(SharedServer shared) : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private Person? _person;
    private NpmClient? _ada;
    private string _acme = "";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private string Lib => $"@{_acme}/lib";

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

    [Fact]
    public async Task A_private_package_is_installed_by_its_lock_file_and_by_nobody_else()
    {
        await _ada!.PublishAsync(Lib, "1.0.0", new JsonObject { ["bin"] = new JsonObject { ["lib"] = "index.js" } });
        var app = _ada.Project();
        await _ada.NpmAsync(app, "install", Lib);
        var resolved = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(app, "package-lock.json"), Token))!
            ["packages"]![$"node_modules/{Lib}"]!["resolved"]!.GetValue<string>();
        Assert.Equal($"{_ada.Registry}{Lib}/-/lib-1.0.0.tgz", resolved);
        Assert.True(File.Exists(Path.Combine(app, "node_modules", ".bin", "lib")));

        Directory.Delete(Path.Combine(_ada.Home, "cache"), recursive: true);
        await _ada.NpmAsync(app, "ci");
        Assert.Equal("here", await _ada.RequireAsync(app, Lib));

        await _ada.PublishAsync(Lib, "1.1.0");
        Assert.Equal("1.1.0", (await _ada.ViewAsync(Lib, "dist-tags.latest")).GetString());
        Assert.Contains("1.1.0", (await _ada.RefusedAsync(app, "outdated")).Text, StringComparison.Ordinal);
        await _ada.NpmAsync(app, "update");
        Assert.Equal(0, (await _ada.Npm(app).TryAsync(null, "outdated")).ExitCode);
        var audit = (await _ada.NpmAsync(app, "audit", "--registry", _ada.Registry)).Text;
        Assert.Contains("found 0 vulnerabilities", audit, StringComparison.Ordinal);

        var eve = Client("eve", (await shared.Process.UserAsync("eve")).Token);
        var outsider = (await eve.RefusedAsync(eve.Project(), "install", Lib)).All;
        Assert.Contains("E404", outsider, StringComparison.Ordinal);
        Assert.Contains("or is hidden: signed in as", outsider, StringComparison.Ordinal);
        Assert.Contains("E404", (await eve.RefusedAsync(eve.Package($"@{_acme}/other", "1.0.0"), "publish")).All, StringComparison.Ordinal);
        var nobody = Client("nobody", null);
        var anonymous = (await nobody.RefusedAsync(nobody.Project(), "install", Lib)).All;
        Assert.Contains("E401", anonymous, StringComparison.Ordinal);
        Assert.Contains("sign in with npm login", anonymous, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_public_package_is_installed_by_everybody()
    {
        await _ada!.PublishAsync(Lib, "1.0.0");
        using var api = _person!.Api();
        using var opened = await api.PatchAsJsonAsync($"/api/v3/orgs/{_acme}/packages/npm/lib", new { visibility = "public" }, Token);
        Assert.Equal(HttpStatusCode.OK, opened.StatusCode);
        var nobody = Client("nobody", null);
        var app = nobody.Project();
        await nobody.NpmAsync(app, "install", Lib);
        Assert.Equal("here", await nobody.RequireAsync(app, Lib));
    }

    [Fact]
    public async Task Tags_move_and_a_deprecation_is_told_and_taken_back()
    {
        await _ada!.PublishAsync(Lib, "1.0.0");
        await _ada.NpmAsync(_ada.Package(Lib, "2.0.0-rc.1"), "publish", "--tag", "next");
        Assert.Equal(
            ["latest: 1.0.0", "next: 2.0.0-rc.1"], (await _ada.NpmAsync(_ada.Home, "dist-tag", "ls", Lib)).Line.Split('\n'));
        await _ada.NpmAsync(_ada.Home, "dist-tag", "add", $"{Lib}@1.0.0", "stable");
        await _ada.NpmAsync(_ada.Home, "dist-tag", "rm", Lib, "next");
        Assert.Equal(["latest: 1.0.0", "stable: 1.0.0"], (await _ada.NpmAsync(_ada.Home, "dist-tag", "ls", Lib)).Line.Split('\n'));

        await _ada.NpmAsync(_ada.Home, "deprecate", $"{Lib}@1", "take another");
        Assert.Contains("take another", (await _ada.NpmAsync(_ada.Project(), "install", $"{Lib}@stable")).All, StringComparison.Ordinal);
        await _ada.NpmAsync(_ada.Home, "deprecate", $"{Lib}@1", "");
        Assert.DoesNotContain("deprecated", (await _ada.NpmAsync(_ada.Home, "view", Lib)).Text, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task What_others_use_stays_what_nobody_uses_goes_and_a_number_never_comes_back()
    {
        await _ada!.PublishAsync(Lib, "1.0.0");
        await _ada.PublishAsync(Lib, "2.0.0");
        var user = $"@{_acme}/user";
        await _ada.PublishAsync(user, "1.0.0", new JsonObject { ["dependencies"] = new JsonObject { [Lib] = "^2.0.0" } });
        var used = (await _ada.RefusedAsync(_ada.Home, "unpublish", $"{Lib}@2.0.0")).All;
        Assert.Contains("E409", used, StringComparison.Ordinal);
        Assert.Contains(user, used, StringComparison.Ordinal);

        await _ada.NpmAsync(_ada.Home, "unpublish", $"{Lib}@1.0.0");
        Assert.Equal(["2.0.0"], Strings(await _ada.ViewAsync(Lib, "versions")));
        var other = _ada.Package(Lib, "1.0.0", content: "module.exports = 'other'");
        Assert.Contains("E409", (await _ada.RefusedAsync(other, "publish", "--tag", "old")).All, StringComparison.Ordinal);
        await _ada.RefusedAsync(_ada.Package(Lib, "2.0.0", content: "module.exports = 'other'"), "publish");

        await _ada.NpmAsync(_ada.Home, "unpublish", user, "--force");
        Assert.Contains("E404", (await _ada.RefusedAsync(_ada.Home, "view", user)).All, StringComparison.Ordinal);
        await _ada.NpmAsync(_ada.Home, "unpublish", Lib, "--force");
        Assert.Contains("E404", (await _ada.RefusedAsync(_ada.Home, "view", Lib)).All, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_workflow_publishes_and_its_repository_is_linked()
    {
        using var api = _person!.Api();
        await Accounts.PostAsync(api, $"/api/v3/orgs/{_acme}/repos", new { name = "app", visibility = "private" });
        var token = (await Accounts.PostAsync(
            api, $"/api/v3/repos/{_acme}/app/workflow-tokens", new { permissions = new { packages = "write" } }))
            .GetProperty("token").GetString()!;
        var job = Client("job", token);
        await job.PublishAsync(Lib, "1.0.0");
        var package = await api.GetFromJsonAsync<JsonElement>($"/api/v3/orgs/{_acme}/packages/npm/lib", Token);
        Assert.Equal($"{_acme}/app", package.GetProperty("repository").GetProperty("full_name").GetString());
        var app = job.Project();
        await job.NpmAsync(app, "install", Lib);
        Assert.Equal("here", await job.RequireAsync(app, Lib));
    }

    /// <summary>npm asks on a terminal; what it then sends is sent here.</summary>
    [Fact]
    public async Task A_login_gives_the_token_and_a_logout_ends_it()
    {
        using var anyone = shared.Process.Client(null);
        var login = await anyone.PutAsJsonAsync(
            $"/npm/-/user/org.couchdb.user:{_person!.Login}",
            new { _id = $"org.couchdb.user:{_person.Login}", name = _person.Login, password = _person.Token, type = "user" }, Token);
        Assert.Equal(HttpStatusCode.Created, login.StatusCode);
        var answer = await login.Content.ReadFromJsonAsync<JsonElement>(Token);
        var client = Client("signed-in", answer.GetProperty("token").GetString());
        string[] here = ["--registry", client.Registry];
        await client.NpmAsync(client.Home, ["ping", .. here]);
        Assert.Equal(_person.Login, (await client.NpmAsync(client.Home, ["whoami", .. here])).Line);

        await client.NpmAsync(client.Home, ["logout", .. here]);
        var left = await File.ReadAllTextAsync(Path.Combine(client.Home, ".npmrc"), Token);
        Assert.DoesNotContain("_authToken", left, StringComparison.Ordinal);
        Assert.Contains("E401", (await _ada!.RefusedAsync(_ada.Home, ["whoami", .. here])).All, StringComparison.Ordinal);
    }

    /// <summary>npm shows a list of one as its element.</summary>
    private static string[] Strings(JsonElement versions) => versions.ValueKind == JsonValueKind.String
        ? [versions.GetString()!]
        : [.. versions.EnumerateArray().Select(one => one.GetString()!)];

    private NpmClient Client(string name, string? token) => new(_folder, shared.Process, name, _acme, token);
}
