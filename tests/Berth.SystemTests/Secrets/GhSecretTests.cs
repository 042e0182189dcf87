using System.Net.Http.Json;
using System.Text.Json;
using Berth.Server;
using Berth.Server.Access;
using Berth.Server.Database;
using Berth.Server.Secrets;
using Berth.SystemTests.Fixtures.Clients;
using Berth.SystemTests.Fixtures.Server;
using Berth.SystemTests.Fixtures.Tools;
using Microsoft.Extensions.DependencyInjection;

namespace Berth.SystemTests.Secrets;

/// <summary>
/// GitHub's own command line sets secrets at every level, over https on a separate port. The test checks that a codespace gets them.
/// </summary>
public sealed class GhSecretTests : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private ServerProcess? _server;
    private Person? _ada;
    private string _acme = "";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _server = await GhClient.ServerAsync(_folder, "gh-secrets");
        _ada = await _server.UserAsync("ada");
        _acme = await _ada.OrganizationAsync("acme");
        using var api = _ada.Api();
        foreach (var name in new[] { "app", "web" })
        {
            await Accounts.PostAsync(api, $"/api/v3/orgs/{_acme}/repos", new { name, visibility = "private" });
        }
    }

    public async ValueTask DisposeAsync()
    {
        await (_server?.DisposeAsync() ?? ValueTask.CompletedTask);
        _folder.Dispose();
    }

    [Fact]
    public async Task Secrets_of_user_repository_and_organization_are_set_listed_and_deleted()
    {
        var gh = Gh("secret");

        // The user's own secrets, for repositories by name.
        await gh.RunWithInputAsync("of ada\n", "set", "MINE", "--user", "--repos", $"{_acme}/app,{_acme}/web");
        Assert.Contains("MINE", (await gh.RunAsync("list", "--user")).Text, StringComparison.Ordinal);
        Assert.Equal([$"{_acme}/app", $"{_acme}/web"], await SelectedAsync("user/codespaces/secrets/MINE"));
        await gh.RunWithInputAsync("x", "set", "GONE", "--user");
        await gh.RunAsync("delete", "GONE", "--user");
        Assert.DoesNotContain("GONE", (await gh.RunAsync("list", "--user")).Text, StringComparison.Ordinal);

        // A repository's secrets, one by one and from a file.
        var repository = $"{_acme}/app";
        var line = "line one\nline \"two\" é";
        await gh.RunWithInputAsync(line + "\n", "set", "of_repository", "--app", "codespaces", "-R", repository);
        var file = _folder["registry.env"];
        await File.WriteAllTextAsync(
            file,
            "ACR_CONTAINER_REGISTRY_SERVER=acme.azurecr.io\nACR_CONTAINER_REGISTRY_USER=ada\nACR_CONTAINER_REGISTRY_PASSWORD=\"p w\"\n",
            Token);
        await gh.RunAsync("set", "--app", "codespaces", "-R", repository, "-f", file);
        var list = (await gh.RunAsync("list", "--app", "codespaces", "-R", repository)).Text;
        Assert.Equal(
            ["ACR_CONTAINER_REGISTRY_PASSWORD", "ACR_CONTAINER_REGISTRY_SERVER", "ACR_CONTAINER_REGISTRY_USER", "OF_REPOSITORY"],
            list.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(row => row.Split('\t')[0]));
        await gh.RunWithInputAsync("x", "set", "GONE", "--app", "codespaces", "-R", repository);
        await gh.RunAsync("delete", "GONE", "--app", "codespaces", "-R", repository);

        // An organization's secrets, with each visibility.
        await gh.RunWithInputAsync("all", "set", "FOR_ALL", "--app", "codespaces", "--org", _acme, "--visibility", "all");
        await gh.RunWithInputAsync("private", "set", "FOR_PRIVATE", "--app", "codespaces", "--org", _acme);
        await gh.RunWithInputAsync(
            "selected", "set", "FOR_SOME", "--app", "codespaces", "--org", _acme, "--visibility", "selected", "--repos", "web");
        await gh.RunWithInputAsync("x", "set", "GONE", "--app", "codespaces", "--org", _acme);
        await gh.RunAsync("delete", "GONE", "--app", "codespaces", "--org", _acme);
        var ofOrganization = (await gh.RunAsync("list", "--app", "codespaces", "--org", _acme)).Text;
        Assert.Matches("FOR_ALL\t[^\t]+\tALL", ofOrganization);
        Assert.Matches("FOR_PRIVATE\t[^\t]+\tPRIVATE", ofOrganization);
        Assert.Matches("FOR_SOME\t[^\t]+\tSELECTED", ofOrganization);
        Assert.Equal([$"{_acme}/web"], await SelectedAsync($"orgs/{_acme}/codespaces/secrets/FOR_SOME"));

        var environment = await EnvironmentOfACodespaceAsync("app");
        Assert.Equal(
            new Dictionary<string, string>(StringComparer.Ordinal)
            {
                ["MINE"] = "of ada",
                ["OF_REPOSITORY"] = line,
                ["ACR_CONTAINER_REGISTRY_SERVER"] = "acme.azurecr.io",
                ["ACR_CONTAINER_REGISTRY_USER"] = "ada",
                ["ACR_CONTAINER_REGISTRY_PASSWORD"] = "p w",
                ["FOR_ALL"] = "all",
                ["FOR_PRIVATE"] = "private",
            },
            environment);
    }

    [Fact]
    public async Task What_gh_gets_wrong_is_said_so_that_it_can_be_put_right()
    {
        var gh = Gh("secret");
        var hidden = await gh.TryAsync("x", "set", "X", "--user", "--repos", $"{_acme}/no-such-repository");
        Assert.NotEqual(0, hidden.ExitCode);
        Assert.Contains("Could not resolve to a Repository", hidden.Error, StringComparison.Ordinal);
        var name = await gh.TryAsync("x", "set", "1X", "--user");
        Assert.Contains("does not begin with a digit", name.Error, StringComparison.Ordinal);
        var absent = await gh.RefusedAsync("delete", "NO_SUCH_SECRET", "--user");
        Assert.Contains("404", absent.Error, StringComparison.Ordinal);
    }

    private Command Gh(string command) => new GhClient(_folder, _ada!).Command(command);

    private async Task<string[]> SelectedAsync(string secret)
    {
        using var api = _ada!.Api();
        var list = await api.GetFromJsonAsync<JsonElement>($"/api/v3/{secret}/repositories", Token);
        return [
            .. list.GetProperty("repositories")
            .EnumerateArray()
            .Select(repository => repository.GetProperty("full_name").GetString()!)
            .Order(StringComparer.Ordinal),
        ];
    }

    /// <summary>No answer of the server contains a value, so this opens the stopped server's database, as a start would.</summary>
    private async Task<IReadOnlyDictionary<string, string>> EnvironmentOfACodespaceAsync(string repository)
    {
        await _server!.StopAsync();
        await using var app = BerthApplication.Build(
            [$"--BERTH_DATA={_server.Data}", $"--BERTH_DATABASE={_server.DatabaseSetting}", "--BERTH_LISTEN=127.0.0.1:0"]);
        await app.Services.GetRequiredService<Startup>().PrepareAsync(Token);
        var (user, facts) = await app.Services.GetRequiredService<Db>().ReadAsync(
            async session => (
                (await AccessDecisions.NamespaceAsync(session, null, _ada!.Login))!.Owner.Id,
                (await AccessDecisions.RepositoryAsync(session, null, _acme, repository))!.Repository),
            Token);
        return (await app.Services.GetRequiredService<CodespaceSecrets>().LoadAsync(user, own: true, facts, Token)).Environment;
    }
}
