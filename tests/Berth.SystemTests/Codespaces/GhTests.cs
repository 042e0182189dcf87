using System.Text.Json;
using Berth.SystemTests.Fixtures.Codespaces;
using Berth.SystemTests.Fixtures.Server;
using Berth.SystemTests.Fixtures.Tools;
using Berth.Tests.TestServer;

namespace Berth.SystemTests.Codespaces;

/// <summary>GitHub's own command line with codespaces, over https, which it requires.</summary>
public sealed class GhTests : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private ServerProcess? _server;
    private CodespaceWorld? _world;

    private CodespaceWorld World => _world!;

    public async ValueTask InitializeAsync()
    {
        Requirement.Program("gh");
        var (certificate, key) = SelfSigned.Write(_folder.Path);
        _server = await ServerProcess.StartAsync(
            "gh-codespaces", null, $"BERTH_TLS_CERT_FILE={certificate}", $"BERTH_TLS_KEY_FILE={key}", $"BERTH_CA_FILE={certificate}",
            "BERTH_ALLOW_FILE_CLONE=true");
        _world = await CodespaceWorld.CreateAsync(_server);
    }

    public async ValueTask DisposeAsync()
    {
        await (_world?.DisposeAsync() ?? ValueTask.CompletedTask);
        await (_server?.DisposeAsync() ?? ValueTask.CompletedTask);
        _folder.Dispose();
    }

    [Fact]
    public async Task Gh_creates_lists_edits_stops_and_deletes_a_codespace()
    {
        var image = await World.ImageAsync("dev");
        var repository = await World.RepositoryAsync("app", (".devcontainer.json", $$"""{"image":"{{image}}"}"""));
        await World.GrantAsync("dev", repository);
        var gh = Gh(World.Ada);
        var machine = await MachineAsync(repository);
        var created = (await gh.RunAsync(
            "create", "--repo", repository, "--branch", "main", "--machine", machine, "--display-name", "mine", "--idle-timeout", "45m",
            "--retention-period", "48h")).Line;
        World.Owns(created);
        (await World.SettledAsync(created)).Is("Available");

        // gh's table and its --json read these from the answers of the REST API.
        var listed = await RowAsync(gh, created);
        Assert.Equal("Available", listed.GetProperty("state").GetString());
        Assert.Equal("mine", listed.GetProperty("displayName").GetString());
        Assert.Equal(repository, listed.GetProperty("repository").GetString());
        Assert.Equal(World.Ada.Login, listed.GetProperty("owner").GetString());
        Assert.Equal("main", listed.GetProperty("gitStatus").GetProperty("ref").GetString());
        Assert.Contains(created, (await gh.RunAsync("list")).Text, StringComparison.Ordinal);
        Assert.Contains(created, (await gh.RunAsync("list", "--repo", repository)).Text, StringComparison.Ordinal);

        var viewed = JsonSerializer.Deserialize<JsonElement>((await Gh(World.Ada, "api").RunAsync($"user/codespaces/{created}")).Text);
        Assert.Equal(machine, viewed.GetProperty("machine").GetProperty("name").GetString());
        Assert.Equal(45, viewed.GetProperty("idle_timeout_minutes").GetInt32());
        Assert.Equal(48 * 60, viewed.GetProperty("retention_period_minutes").GetInt32());

        await gh.RunAsync("edit", "--codespace", created, "--display-name", "renamed");
        Assert.Equal("renamed", (await RowAsync(gh, created)).GetProperty("displayName").GetString());
        var refused = await gh.RefusedAsync("edit", "--codespace", created, "--machine", "noSuchMachine");
        Assert.Contains("machine", refused.Error, StringComparison.Ordinal);

        await gh.RunAsync("stop", "--codespace", created);
        (await World.SettledAsync(created)).Is("Shutdown");
        Assert.Equal("Shutdown", (await RowAsync(gh, created)).GetProperty("state").GetString());
        Assert.Contains("not running", (await gh.RefusedAsync("stop", "--codespace", created)).Error, StringComparison.Ordinal);
        await gh.RunAsync("delete", "--codespace", created, "--force");
        Assert.Equal(JsonValueKind.Undefined, (await RowAsync(gh, created)).ValueKind);
    }

    [Fact]
    public async Task Gh_of_an_owner_lists_stops_and_deletes_what_members_have()
    {
        var image = await World.ImageAsync("dev");
        var repository = await World.RepositoryAsync("app", (".devcontainer.json", $$"""{"image":"{{image}}"}"""));
        await World.GrantAsync("dev", repository);
        var owner = await _server!.UserAsync("olga");
        await World.PutAsync($"/api/v3/orgs/{World.Organization}/memberships/{owner.Login}", new { role = "admin" });
        var one = (await World.CreateAsync(repository)).Is("Available").Name;

        var gh = Gh(owner);
        Assert.Contains(one, (await gh.RunAsync("list", "--org", World.Organization)).Text, StringComparison.Ordinal);
        Assert.Contains(
            one, (await gh.RunAsync("list", "--org", World.Organization, "--user", World.Ada.Login)).Text, StringComparison.Ordinal);
        Assert.DoesNotContain(one, (await gh.RunAsync("list")).Text, StringComparison.Ordinal);
        await gh.RunAsync("stop", "--org", World.Organization, "--user", World.Ada.Login, "--codespace", one);
        (await World.SettledAsync(one)).Is("Shutdown");
        await gh.RunAsync("delete", "--org", World.Organization, "--user", World.Ada.Login, "--codespace", one, "--force");
        Assert.DoesNotContain(one, (await gh.RunAsync("list", "--org", World.Organization)).Text, StringComparison.Ordinal);

        // Somebody who is not an owner learns nothing.
        Assert.Contains("404", (await Gh(World.Ada).RefusedAsync("list", "--org", World.Organization)).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Gh_finds_the_configurations_of_a_repository_and_hears_what_they_ask_for()
    {
        var image = await World.ImageAsync("dev");
        var lib = await World.RepositoryAsync("lib", ("README.md", "a library\n"));
        await World.PatchAsync(
            $"/api/v3/orgs/{World.Organization}/packages/container/dev", new { repository = lib, inherit_access = true });
        var asks = JsonSerializer.Serialize(new
        {
            image,
            customizations = new
            {
                codespaces = new
                {
                    repositories = new Dictionary<string, object> { [lib] = new { permissions = new { packages = "read" } } },
                },
            },
        });
        var repository = await World.RepositoryAsync(
            "app", (".devcontainer/devcontainer.json", asks),
            (".devcontainer/small/devcontainer.json", """{"name":"Small","image":"localhost:1/none/none:1"}"""));
        var found = JsonSerializer.Deserialize<JsonElement>(
            (await Gh(World.Ada, "api").RunAsync($"repos/{repository}/codespaces/devcontainers?ref=main")).Text);
        Assert.Equal(
            [".devcontainer/devcontainer.json", ".devcontainer/small/devcontainer.json"],
            found.GetProperty("devcontainers").EnumerateArray().Select(place => place.GetProperty("path").GetString()));
        Assert.Equal("Small", found.GetProperty("devcontainers")[1].GetProperty("name").GetString());

        var gh = Gh(World.Ada);
        string[] create =
            [
                "create", "--repo", repository, "--branch", "main", "--machine", await MachineAsync(repository), "--devcontainer-path",
                ".devcontainer/devcontainer.json",
            ];
        var asked = await gh.RefusedAsync(create);
        Assert.Contains("You must authorize or deny additional permissions", asked.Error, StringComparison.Ordinal);
        Assert.Contains($"/codespaces/allow-permissions/{repository}", asked.Error, StringComparison.Ordinal);
        var without = (await gh.RunAsync([.. create, "--default-permissions"])).Line;
        World.Owns(without);
        (await World.SettledAsync(without)).Is("Failed").Says($"packages of {lib} are asked for and not given");
    }

    [Fact]
    public async Task What_gh_is_refused_is_said_in_words()
    {
        var repository = await World.RepositoryAsync("app", (".devcontainer.json", """{"image":"localhost:1/none/none:1"}"""));
        var gh = Gh(World.Ada);
        Assert.Contains(
            "404", (await gh.RefusedAsync("create", "--repo", World.Organization + "/hidden", "--branch", "main")).Error,
            StringComparison.Ordinal);
        Assert.Contains(
            "no such machine",
            (await gh.RefusedAsync("create", "--repo", repository, "--branch", "main", "--machine", "noSuchMachine")).Error,
            StringComparison.Ordinal);
        Assert.Contains(
            "404", (await gh.RefusedAsync("delete", "--codespace", "no-such-codespace", "--force")).Error, StringComparison.Ordinal);

        var reader = await _server!.UserAsync("rita", "read:packages");
        Assert.Contains("codespace", (await Gh(reader).RefusedAsync("list")).Error, StringComparison.Ordinal);
        await World.PutAsync($"/api/v3/orgs/{World.Organization}/codespaces/access", new { visibility = "disabled" });
        var refused = await gh.RefusedAsync(
            "create", "--repo", repository, "--branch", "main", "--machine", await MachineAsync(repository));
        Assert.Contains("switched codespaces off", refused.Error, StringComparison.Ordinal);
    }

    private Command Gh(Person person, string command = "codespace")
    {
        var gh = new Command("gh", command);
        foreach (var (name, value) in new[]
        {
            ("GH_CONFIG_DIR", _folder.Create("gh-" + person.Login)), ("GH_HOST", World.Server.Host), ("GH_ENTERPRISE_TOKEN", person.Token),
            ("SSL_CERT_FILE", _folder["cert.pem"]),

            // Before 2.40, gh finds the server of its codespace commands only by these.
            ("GITHUB_API_URL", World.Server.Url + "api/v3"), ("GITHUB_SERVER_URL", World.Server.Url.GetLeftPart(UriPartial.Authority)),
        })
        {
            gh.Environment[name] = value;
        }

        return gh;
    }

    /// <summary>Where a host offers several machines, gh asks on a terminal, unless it is told which one.</summary>
    private async Task<string> MachineAsync(string repository) =>
        (await Gh(World.Ada, "api").RunAsync($"repos/{repository}/codespaces/machines", "--jq", ".machines[0].name")).Line;

    private static async Task<JsonElement> RowAsync(Command gh, string name)
    {
        var list = JsonSerializer.Deserialize<JsonElement>(
            (await gh.RunAsync("list", "--json", "name,state,displayName,repository,owner,gitStatus")).Text);
        return list.EnumerateArray().FirstOrDefault(codespace => codespace.GetProperty("name").GetString() == name);
    }
}
