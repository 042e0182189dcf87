using System.Text.Json;
using Berth.Cli;
using Berth.Server.Access;
using Berth.Server.Database;
using Berth.Server.Secrets;
using Berth.Tests.TestServer;
using Microsoft.Extensions.DependencyInjection;

namespace Berth.Tests.Cli;

/// <summary><c>berth secret</c> seals values on the client, and never takes one as an argument.</summary>
public sealed class SecretCommandTests(SharedServer shared)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private BerthServer Server => shared.Server;

    [Fact]
    public async Task Secrets_are_set_from_input_files_and_env_files_and_reach_the_codespace()
    {
        var ada = await Server.UserAsync();
        var acme = await ada.OrganizationAsync();
        var (app, web) = (await ada.RepositoryAsync(acme), await ada.RepositoryAsync(acme, "web"));
        using var cli = new CliRun(Server, ada.Token);

        var set = await cli.RunWithInputAsync("of ada\n", "secret", "set", "mine", "--repos", $"{app},{web}");
        Assert.Equal((0, "", "Set MINE (yours).\n"), (set.ExitCode, set.Out, set.Error));
        var file = Path.Combine(cli.Home, "key.pem");
        await File.WriteAllTextAsync(file, "line one\nline two\n", Token);
        await cli.DoAsync($"secret set KEY --repo {app} --value-file {file}");
        var environmentFile = Path.Combine(cli.Home, ".env");
        await File.WriteAllTextAsync(
            environmentFile, "ACR_CONTAINER_REGISTRY_SERVER=acme.azurecr.io # Azure\nexport ACR_CONTAINER_REGISTRY_USER='ada'\n", Token);
        await cli.DoAsync($"secret set --org {acme} -f {environmentFile}");
        Assert.Equal(0, (await cli.RunWithInputAsync("for web", "secret", "set", "WEB", "--org", acme, "--repos", "web")).ExitCode);

        Assert.Equal(
            new Dictionary<string, string>(StringComparer.Ordinal)
            {
                ["MINE"] = "of ada",
                ["KEY"] = "line one\nline two\n",
                ["ACR_CONTAINER_REGISTRY_SERVER"] = "acme.azurecr.io",
                ["ACR_CONTAINER_REGISTRY_USER"] = "ada",
            },
            await EnvironmentAsync(ada, app));

        var list = await cli.DoAsync($"secret list --org {acme}");
        Assert.Matches(@"(?m)^ACR_CONTAINER_REGISTRY_USER\s+\S+ \S+\s+private and internal repositories$", list);
        Assert.Matches(@"(?m)^WEB\s+\S+ \S+\s+1 repository$", list);
        var json = JsonSerializer.Deserialize<JsonElement>(await cli.DoAsync("secret list --json"));
        Assert.Equal("MINE", json[0].GetProperty("name").GetString());
    }

    [Fact]
    public async Task An_organizations_secret_keeps_its_visibility_when_only_its_value_changes()
    {
        var ada = await Server.UserAsync();
        var acme = await ada.OrganizationAsync();
        using var cli = new CliRun(Server, ada.Token);
        await cli.RunWithInputAsync("1", "secret", "set", "X", "--org", acme, "--visibility", "all");
        Assert.Equal(
            $"Updated X ({acme}, visibility all).\n", (await cli.RunWithInputAsync("2", "secret", "set", "x", "--org", acme)).Error);
        await cli.DoAsync($"secret delete X --org {acme}");
        Assert.Equal(
            (4, ""),
            ((await cli.RunAsync("secret", "delete", "X", "--org", acme)).ExitCode, await cli.DoAsync($"secret list --org {acme}")));
    }

    [Fact]
    public async Task Repositories_are_selected_and_a_secret_without_any_says_so()
    {
        var ada = await Server.UserAsync();
        var (app, web) = (await ada.RepositoryAsync(ada.Login), await ada.RepositoryAsync(ada.Login, "web"));
        using var cli = new CliRun(Server, ada.Token);
        var set = await cli.RunWithInputAsync("x", "secret", "set", "X");
        Assert.Contains(
            "No codespace gets it yet; select repositories: berth secret repos set X OWNER/NAME", set.Error, StringComparison.Ordinal);
        await cli.DoAsync($"secret repos set X {app}");
        var added = await cli.RunAsync("secret", "repos", "add", "X", web);
        Assert.Equal($"X is for codespaces of {app}, {web}.\n", added.Error);
        await cli.DoAsync($"secret repos remove X {app}");
        Assert.Contains(web, await cli.DoAsync("secret repos list X"), StringComparison.Ordinal);
        Assert.DoesNotContain(app, await cli.DoAsync("secret repos list X"), StringComparison.Ordinal);
        Assert.Equal(4, (await cli.RunAsync("secret", "repos", "add", "X", $"{ada.Login}/missing")).ExitCode);
    }

    [Theory]
    [InlineData("x", 2, "give the name of one secret", "secret", "set")]
    [InlineData("x", 2, "give one of --user, --repo and --org", "secret", "set", "X", "--repo", "a/b", "--org", "c")]
    [InlineData("x", 2, "--visibility is for organizations", "secret", "set", "X", "--visibility", "all")]
    [InlineData("x", 2, "--repos is for your secrets", "secret", "set", "X", "--repo", "ORG/app", "--repos", "a/b")]
    [InlineData("", 2, "no value; for example: berth secret set X < file", "secret", "set", "X")]
    [InlineData("x", 2, "write owner/name", "secret", "list", "--repo", "app")]
    [InlineData("x", 1, "a secret's name does not begin with a digit", "secret", "set", "1X")]
    [InlineData("x", 1, "no-such-file", "secret", "set", "X", "--value-file", "/nonexistent/no-such-file")]
    [InlineData("A=hush\nB hush\n", 2, "line 2 is no NAME=value", "secret", "set", "-f", "-")]
    [InlineData("A=\"hush\n", 2, "line 1 has a quote that does not end", "secret", "set", "-f", "-")]
    [InlineData("A=hush\na=hush\n", 2, "stands there twice", "secret", "set", "-f", "-")]
    public async Task What_is_wrong_is_said_without_the_value(string input, int code, string message, params string[] args)
    {
        var ada = await Server.UserAsync();
        var acme = await ada.OrganizationAsync();
        await ada.RepositoryAsync(acme);
        using var cli = new CliRun(Server, ada.Token);
        var result = await cli.RunWithInputAsync(input, [.. args.Select(arg => arg.Replace("ORG", acme, StringComparison.Ordinal))]);
        Assert.Equal((code, ""), (result.ExitCode, result.Out));
        Assert.Contains(message, result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("hush", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_value_that_is_too_long_is_not_sent()
    {
        using var cli = new CliRun(Server, (await Server.UserAsync()).Token);
        var result = await cli.RunWithInputAsync(new string('x', (48 * 1024) + 1), "secret", "set", "X");
        Assert.Equal(2, result.ExitCode);
        Assert.Contains("more than 48 KB", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void An_env_file_is_read_as_shells_and_tools_write_it()
    {
        var values = EnvironmentFile.Parse(
            "\ufeff# first\r\n\r\nA=1\r\n export B = two words  # remark\nC=\"a\\nb \\\"c\\\" # no remark\"\nD='a\\nb'\nE=\nF=\"line "
                + "one\nline two\" # remark\nG=a#b\nH=\"\"\n");
        Assert.Equal(
            ["A=1", "B=two words", "C=a\nb \"c\" # no remark", "D=a\\nb", "E=", "F=line one\nline two", "G=a#b", "H="],
            values.Select(pair => $"{pair.Key}={pair.Value}"));
    }

    [Fact]
    public async Task The_master_key_is_rotated_by_a_site_administrator()
    {
        await using var server = await BerthServer.StartAsync();
        using var cli = new CliRun(server, BerthServer.AdminToken);
        Assert.Contains("never rotated", await cli.DoAsync("admin rotate-keys --status"), StringComparison.Ordinal);
        Assert.Matches(@"State:\s+finished", await cli.DoAsync("admin rotate-keys --single-server"));
        var status = JsonSerializer.Deserialize<JsonElement>(await cli.DoAsync("admin rotate-keys --status --json"));
        Assert.Equal("finished", status.GetProperty("state").GetString());
        using var ada = new CliRun(server, (await server.UserAsync()).Token);
        Assert.Equal(1, (await ada.RunAsync("admin", "rotate-keys")).ExitCode);
    }

    private async Task<IReadOnlyDictionary<string, string>> EnvironmentAsync(Person person, string repository)
    {
        var id = (await person.GetAsync($"/repos/{repository}"))["id"].GetInt64();
        var user = (await person.GetAsync("/user"))["id"].GetInt64();
        var facts = await Server.Services.GetRequiredService<Db>()
            .ReadAsync(session => AccessDecisions.RepositoryAsync(session, null, id), Token);
        return (await Server.Services.GetRequiredService<CodespaceSecrets>()
            .LoadAsync(user, own: true, facts!.Repository, Token)).Environment;
    }
}
