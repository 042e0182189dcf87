using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using Berth.SystemTests.Fixtures.Clients;
using Berth.SystemTests.Fixtures.Server;

namespace Berth.SystemTests.Npm;

/// <summary>The life of a package with npm itself.</summary>
public sealed class NpmTests(SharedServer shared) : NpmClientTest(shared)
{
    [Theory]
    [InlineData(NpmClient.Usual)]
    [InlineData(NpmClient.Newest)]
    public async Task A_private_package_is_installed_by_its_lock_file_and_by_nobody_else(string npm)
    {
        var ada = Client("ada", Person.Token, npm);
        await ada.PublishAsync(Lib, "1.0.0", new JsonObject { ["bin"] = new JsonObject { ["lib"] = "index.js" } });
        var app = ada.Project();
        await ada.NpmAsync(app, "install", Lib);
        var resolved = (await LockAsync(app))[$"node_modules/{Lib}"]!["resolved"]!.GetValue<string>();
        Assert.Equal($"{ada.Registry}{Lib}/-/lib-1.0.0.tgz", resolved);
        Assert.True(File.Exists(Path.Combine(app, "node_modules", ".bin", "lib")));

        Directory.Delete(ada.Cache, recursive: true);
        await ada.NpmAsync(app, "ci");
        Assert.Equal("here", await ada.RequireAsync(app, Lib));

        await ada.PublishAsync(Lib, "1.1.0");
        Assert.Equal(["1.1.0"], Strings(await ada.ViewAsync(Lib, "dist-tags.latest")));
        Assert.Contains("1.1.0", (await ada.RefusedAsync(app, "outdated")).Text, StringComparison.Ordinal);
        await ada.NpmAsync(app, "update");
        Assert.Equal(0, (await ada.Npm(app).TryAsync(null, "outdated")).ExitCode);
        var audit = (await ada.NpmAsync(app, "audit", "--registry", ada.Registry)).Text;
        Assert.Contains("found 0 vulnerabilities", audit, StringComparison.Ordinal);

        var eve = Client("eve", (await Server.UserAsync("eve")).Token);
        var outsider = (await eve.RefusedAsync(eve.Project(), "install", Lib)).All;
        Assert.Contains("E404", outsider, StringComparison.Ordinal);
        Assert.Contains("or is hidden: signed in as", outsider, StringComparison.Ordinal);
        Assert.Contains("E404", (await eve.RefusedAsync(eve.Package(Named("other"), "1.0.0"), "publish")).All, StringComparison.Ordinal);
        var nobody = Client("nobody", null);
        var anonymous = (await nobody.RefusedAsync(nobody.Project(), "install", Lib)).All;
        Assert.Contains("E401", anonymous, StringComparison.Ordinal);
        Assert.Contains("sign in with npm login", anonymous, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_public_package_is_installed_by_everybody()
    {
        await Ada.PublishAsync(Lib, "1.0.0");
        await OpenAsync("lib");
        var nobody = Client("nobody", null);
        var app = nobody.Project();
        await nobody.NpmAsync(app, "install", Lib);
        Assert.Equal("here", await nobody.RequireAsync(app, Lib));
    }

    [Theory]
    [InlineData(NpmClient.Usual)]
    [InlineData(NpmClient.Newest)]
    public async Task Tags_move_and_a_deprecation_is_told_and_taken_back(string npm)
    {
        var ada = Client("ada", Person.Token, npm);
        await ada.PublishAsync(Lib, "1.0.0");
        await ada.NpmAsync(ada.Package(Lib, "2.0.0-rc.1"), "publish", "--tag", "next");
        Assert.Equal(
            ["latest: 1.0.0", "next: 2.0.0-rc.1"], (await ada.NpmAsync(ada.Home, "dist-tag", "ls", Lib)).Line.Split('\n'));
        await ada.NpmAsync(ada.Home, "dist-tag", "add", $"{Lib}@1.0.0", "stable");
        await ada.NpmAsync(ada.Home, "dist-tag", "rm", Lib, "next");
        Assert.Equal(["latest: 1.0.0", "stable: 1.0.0"], (await ada.NpmAsync(ada.Home, "dist-tag", "ls", Lib)).Line.Split('\n'));

        await ada.NpmAsync(ada.Home, "deprecate", $"{Lib}@1", "take another");
        Assert.Contains("take another", (await ada.NpmAsync(ada.Project(), "install", $"{Lib}@stable")).All, StringComparison.Ordinal);
        await ada.NpmAsync(ada.Home, "deprecate", $"{Lib}@1", "");
        Assert.DoesNotContain("deprecated", (await ada.NpmAsync(ada.Home, "view", Lib)).Text, StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData(NpmClient.Usual)]
    [InlineData(NpmClient.Newest)]
    public async Task What_others_use_stays_what_nobody_uses_goes_and_a_number_never_comes_back(string npm)
    {
        var ada = Client("ada", Person.Token, npm);
        await ada.PublishAsync(Lib, "1.0.0");
        await ada.PublishAsync(Lib, "2.0.0");
        var user = Named("user");
        await ada.PublishAsync(user, "1.0.0", new JsonObject { ["dependencies"] = new JsonObject { [Lib] = "^2.0.0" } });
        var used = (await ada.RefusedAsync(ada.Home, "unpublish", $"{Lib}@2.0.0")).All;
        Assert.Contains("E409", used, StringComparison.Ordinal);
        Assert.Contains(user, used, StringComparison.Ordinal);

        await ada.NpmAsync(ada.Home, "unpublish", $"{Lib}@1.0.0");
        Assert.Equal(["2.0.0"], Strings(await ada.ViewAsync(Lib, "versions")));
        var other = ada.Package(Lib, "1.0.0", content: "module.exports = 'other'");
        Assert.Contains("E409", (await ada.RefusedAsync(other, "publish", "--tag", "old")).All, StringComparison.Ordinal);
        await ada.RefusedAsync(ada.Package(Lib, "2.0.0", content: "module.exports = 'other'"), "publish");

        await ada.NpmAsync(ada.Home, "unpublish", user, "--force");
        Assert.Contains("E404", (await ada.RefusedAsync(ada.Home, "view", user)).All, StringComparison.Ordinal);
        await ada.NpmAsync(ada.Home, "unpublish", Lib, "--force");
        Assert.Contains("E404", (await ada.RefusedAsync(ada.Home, "view", Lib)).All, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_workflow_publishes_and_its_repository_is_linked()
    {
        using var api = Person.Api();
        await Accounts.PostAsync(api, $"/api/v3/orgs/{Acme}/repos", new { name = "app", visibility = "private" });
        var token = (await Accounts.PostAsync(
            api, $"/api/v3/repos/{Acme}/app/workflow-tokens", new { permissions = new { packages = "write" } }))
            .GetProperty("token").GetString()!;
        var job = Client("job", token);
        await job.PublishAsync(Lib, "1.0.0");
        var package = await api.GetFromJsonAsync<JsonElement>($"/api/v3/orgs/{Acme}/packages/npm/lib", Token);
        Assert.Equal($"{Acme}/app", package.GetProperty("repository").GetProperty("full_name").GetString());
        var app = job.Project();
        await job.NpmAsync(app, "install", Lib);
        Assert.Equal("here", await job.RequireAsync(app, Lib));
    }

    /// <summary>npm asks on a terminal. This test sends what npm then sends.</summary>
    [Fact]
    public async Task A_login_gives_the_token_and_a_logout_ends_it()
    {
        using var anyone = Server.Client(null);
        var login = await anyone.PutAsJsonAsync(
            $"/npm/-/user/org.couchdb.user:{Person.Login}",
            new { _id = $"org.couchdb.user:{Person.Login}", name = Person.Login, password = Person.Token, type = "user" }, Token);
        Assert.Equal(HttpStatusCode.Created, login.StatusCode);
        var answer = await login.Content.ReadFromJsonAsync<JsonElement>(Token);
        var client = Client("signed-in", answer.GetProperty("token").GetString());
        string[] here = ["--registry", client.Registry];
        await client.NpmAsync(client.Home, ["ping", .. here]);
        Assert.Equal(Person.Login, (await client.NpmAsync(client.Home, ["whoami", .. here])).Line);

        await client.NpmAsync(client.Home, ["logout", .. here]);
        var left = await File.ReadAllTextAsync(client.UserSettings, Token);
        Assert.DoesNotContain("_authToken", left, StringComparison.Ordinal);
        Assert.Contains("E401", (await Ada.RefusedAsync(Ada.Home, ["whoami", .. here])).All, StringComparison.Ordinal);
    }
}
