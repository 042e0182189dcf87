using System.Globalization;
using System.Text.Json;
using Berth.Tests.TestServer;

namespace Berth.Tests.Cli;

public sealed class CliTests(SharedServer shared)
{
    private BerthServer Server => shared.Server;

    [Fact]
    public async Task An_administrator_makes_users_organizations_and_tokens()
    {
        using var cli = new CliRun(Server, BerthServer.AdminToken);
        var (ada, acme) = (Persons.Unique("ada"), Persons.Unique("acme"));
        Assert.Equal(ada + "\n", await cli.DoAsync($"admin user create {ada} --email ada@example.test"));
        Assert.Equal(acme + "\n", await cli.DoAsync($"admin org create {acme} --owner {ada}"));
        var token = (await cli.DoAsync($"admin token create {ada} --scopes repo,write:packages,admin:org --expires 30d")).Trim();
        Assert.StartsWith("berthp_", token, StringComparison.Ordinal);
        Assert.Contains(ada, await cli.DoAsync("admin user list"), StringComparison.Ordinal);
        await cli.DoAsync($"admin token revoke {ada} --yes");
        Assert.Equal(3, (await new CliRun(Server, token).RunAsync("whoami")).ExitCode);
    }

    [Fact]
    public async Task All_of_ones_tokens_end_when_that_is_meant()
    {
        var ada = await Server.UserAsync();
        using var cli = new CliRun(Server, ada.Token);
        Assert.Equal(2, (await cli.RunAsync("token", "revoke")).ExitCode);
        await cli.DoAsync("token revoke --yes");
        Assert.Equal(3, (await cli.RunAsync("whoami")).ExitCode);
    }

    [Fact]
    public async Task A_login_is_read_from_standard_input_and_kept_for_its_owner_only()
    {
        var ada = await Server.UserAsync();
        using var cli = new CliRun();
        var url = Server.Url.GetLeftPart(UriPartial.Authority);
        Assert.Equal(3, (await cli.RunAsync("whoami")).ExitCode);
        Assert.Equal(3, (await cli.RunWithInputAsync("wrong\n", "login", url)).ExitCode);
        var login = await cli.RunWithInputAsync(ada.Token + "\n", "login", url);
        Assert.Equal((0, ""), (login.ExitCode, login.Out));
        var file = Path.Combine(cli.Home, ".config", "berth", "login.json");
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        Assert.Contains(ada.Login, (await cli.RunAsync("whoami")).Out, StringComparison.Ordinal);
        cli.Set("BERTH_URL", "http://127.0.0.1:1");
        var elsewhere = await cli.RunAsync("whoami");
        Assert.Equal(3, elsewhere.ExitCode);
        cli.Set("BERTH_URL", url);
        await cli.DoAsync("logout");
        Assert.False(File.Exists(file));
    }

    [Fact]
    public async Task A_token_narrowed_to_packages_signs_in_too()
    {
        var ada = await Server.UserAsync();
        await ada.PushAsync($"{ada.Login}/web");
        var narrow = await ada.WithTokenAsync("read:packages", $"{ada.Login}/*");
        using var cli = new CliRun();
        Assert.Equal(0, (await cli.RunWithInputAsync(narrow.Token, "login", Server.Url.GetLeftPart(UriPartial.Authority))).ExitCode);
        Assert.Contains($"{ada.Login}/web", await cli.DoAsync("package ls"), StringComparison.Ordinal);
        Assert.Equal(1, (await cli.RunAsync("repo", "list")).ExitCode);
    }

    [Fact]
    public async Task Repositories_members_teams_and_collaborators_are_managed()
    {
        var ada = await Server.UserAsync();
        var bob = await Server.UserAsync("bob");
        var acme = await ada.OrganizationAsync();
        using var cli = new CliRun(Server, ada.Token);
        await cli.DoAsync($"repo create {acme}/app --visibility internal --clone-url https://git.test/acme/app.git");
        Assert.Contains("internal", await cli.DoAsync($"repo show {acme}/app"), StringComparison.Ordinal);
        await cli.DoAsync($"org member set {acme} {bob.Login}");
        Assert.Matches($"{bob.Login} +member\n", await cli.DoAsync($"org member list {acme}"));
        await cli.DoAsync($"org team create {acme} core");
        await cli.DoAsync($"org team member set {acme} core {bob.Login}");
        await cli.DoAsync($"org team repo set {acme} core {acme}/app --role maintain");
        Assert.Equal("maintain\n", await cli.DoAsync($"repo collaborator show {acme}/app {bob.Login}"));
        await cli.DoAsync($"repo collaborator set {acme}/app {bob.Login} --role admin");
        Assert.Matches($"{bob.Login} +admin\n", await cli.DoAsync($"repo collaborator list {acme}/app"));
        await cli.DoAsync($"org edit {acme} --base-permission none");
        Assert.Contains(
            "Workflows can create packages:        no", await cli.DoAsync($"org settings {acme} --workflows-can-create-packages false"),
            StringComparison.Ordinal);
        await cli.DoAsync($"repo edit {acme}/app --name renamed");
        Assert.Equal(2, (await cli.RunAsync("repo", "delete", $"{acme}/renamed")).ExitCode);
        await cli.DoAsync($"repo delete {acme}/renamed --yes");
        await cli.DoAsync($"org member remove {acme} {bob.Login}");
    }

    [Fact]
    public async Task Packages_are_made_changed_deleted_and_brought_back()
    {
        var ada = await Server.UserAsync();
        var app = await ada.RepositoryAsync(ada.Login);
        using var cli = new CliRun(Server, ada.Token);
        var package = $"{ada.Login}/tools/base";
        Assert.Contains(
            "Inherits access: yes", await cli.DoAsync($"package create {package} --repository {app} --inherit on"),
            StringComparison.Ordinal);
        Assert.Contains("Inherits access: no", await cli.DoAsync($"package inherit {package} off"), StringComparison.Ordinal);
        Assert.Contains("Visibility:      public", await cli.DoAsync($"package visibility {package} public"), StringComparison.Ordinal);
        Assert.Contains(
            $"berth package edit {package} --visibility private", await cli.DoAsync($"package show {package}"), StringComparison.Ordinal);
        var tightened = await cli.DoAsync($"package inherit {package} on");
        Assert.Contains("It was public, and is private now", tightened, StringComparison.Ordinal);
        Assert.Contains($"berth package edit {package} --visibility public", tightened, StringComparison.Ordinal);
        Assert.Contains("Repository:      none", await cli.DoAsync($"package unlink {package}"), StringComparison.Ordinal);
        await cli.DoAsync($"package link {package} {app}");
        Assert.Contains(package, await cli.DoAsync("package ls"), StringComparison.Ordinal);
        await ada.PushAsync(package, "v1");
        await ada.PushAsync(package, "v2", "\"n\":\"2\"");
        Assert.Equal(3, (await cli.DoAsync($"package versions {package}")).Trim().Split('\n').Length);
    }

    [Fact]
    public async Task A_version_is_deleted_by_tag_and_restored_by_id()
    {
        var ada = await Server.UserAsync();
        using var cli = new CliRun(Server, ada.Token);
        var package = $"{ada.Login}/web";
        await ada.PushAsync(package, "v1");
        await ada.PushAsync(package, "v2", "\"n\":\"2\"");
        await cli.DoAsync($"package rm {package} v2");
        var deleted = JsonDocument.Parse(await cli.DoAsync($"package versions {package} --deleted --json")).RootElement[0];
        await cli.DoAsync($"package restore {package} {deleted.GetProperty("id").GetInt64()}");
        await cli.DoAsync($"package rm {package}");
        Assert.Equal(4, (await cli.RunAsync("package", "show", package)).ExitCode);
        await cli.DoAsync($"package restore {package}");
    }

    [Fact]
    public async Task An_expression_of_jq_chooses_what_is_printed_and_is_checked_before_anything_is_asked()
    {
        var ada = await Server.UserAsync();
        using var cli = new CliRun(Server, ada.Token);
        await ada.PushAsync($"{ada.Login}/web", "v1");
        var listed = await cli.RunAsync("package", "ls", "--jq", ".[] | .name");
        Assert.SkipWhen(listed.Error.Contains("which is not installed", StringComparison.Ordinal), "there is no jq here");
        Assert.Equal((0, "web\n"), (listed.ExitCode, listed.Out));
        Assert.Equal("1\n", (await cli.RunAsync("package", "versions", $"{ada.Login}/web", "--jq", "length # all")).Out);
        var wrong = await cli.RunAsync("package", "create", $"{ada.Login}/new", "--jq", ".[");
        Assert.Equal((2, ""), (wrong.ExitCode, wrong.Out));
        Assert.StartsWith("berth: --jq: syntax error", wrong.Error, StringComparison.Ordinal);
        Assert.Equal(4, (await cli.RunAsync("package", "show", $"{ada.Login}/new")).ExitCode);
        var unfit = await cli.RunAsync("package", "ls", "--jq", ".name");
        Assert.Equal(1, unfit.ExitCode);
        Assert.Contains("Cannot index array", unfit.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_number_that_is_one_versions_tag_and_anothers_id_deletes_neither()
    {
        var ada = await Server.UserAsync();
        using var cli = new CliRun(Server, ada.Token);
        var package = $"{ada.Login}/web";
        await ada.PushAsync(package, "v1");
        var first = JsonDocument.Parse(await cli.DoAsync($"package versions {package} --json")).RootElement[0]
            .GetProperty("id")
            .GetInt64();
        await ada.PushAsync(package, $"{first}", "\"n\":\"2\"");
        var refused = await cli.RunAsync("package", "rm", package, $"{first}");
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("by its digest", refused.Error, StringComparison.Ordinal);
        Assert.Equal(3, (await cli.DoAsync($"package versions {package}")).Trim().Split('\n').Length);
    }

    [Fact]
    public async Task A_command_is_called_as_in_shells_or_as_in_other_tools()
    {
        var ada = await Server.UserAsync();
        using var cli = new CliRun(Server, ada.Token);
        var package = $"{ada.Login}/web";
        await ada.PushAsync(package);
        Assert.Equal(await cli.DoAsync("package ls"), await cli.DoAsync("package list"));
        Assert.Equal(await cli.DoAsync("token list"), await cli.DoAsync("token ls"));
        await cli.DoAsync($"package delete {package}");
        Assert.DoesNotContain(package, await cli.DoAsync("package ls"), StringComparison.Ordinal);

        // If both words are commands, each keeps its own meaning.
        Assert.Contains("configuration", (await cli.RunAsync("prebuild", "delete", "--help")).Out, StringComparison.Ordinal);
        Assert.DoesNotContain("configuration", (await cli.RunAsync("prebuild", "rm", "--help")).Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_policy_for_numbers_of_npm_versions_is_set_by_an_option()
    {
        var ada = await Server.UserAsync();
        using var cli = new CliRun(Server, ada.Token);
        await ada.DoAsync("PUT", "/user/packages/npm/lib", "{}");
        await cli.DoAsync($"package retention set {ada.Login}/lib --type npm --versions *-pr.*,0.0.0-* --older-than 14");
        var shown = await cli.DoAsync($"package retention show {ada.Login}/lib --type npm --json");
        var rule = JsonDocument.Parse(shown).RootElement.GetProperty("policy").GetProperty("rules")[0];
        Assert.Equal(
            ["*-pr.*", "0.0.0-*"], rule.GetProperty("versions").EnumerateArray().Select(pattern => pattern.GetString()));
        Assert.Equal(14, rule.GetProperty("older_than_days").GetInt32());
    }

    [Fact]
    public async Task Access_is_granted_listed_explained_and_revoked()
    {
        var ada = await Server.UserAsync();
        var bob = await Server.UserAsync("bob");
        var app = await ada.RepositoryAsync(ada.Login);
        var package = $"{ada.Login}/web";
        await ada.PushAsync(package);
        using var cli = new CliRun(Server, ada.Token);
        await cli.DoAsync($"package access grant {package} --user {bob.Login} --role write");
        await cli.DoAsync($"package access grant {package} --actions {app} --role admin");
        await cli.DoAsync($"package access grant {package} --codespaces {app}");
        var list = await cli.DoAsync($"package access ls {package}");
        Assert.Matches($"user +{bob.Login} +write +granted", list);
        Assert.Matches($"actions +{app} +admin +Actions list", list);
        Assert.Matches($"codespaces +{app} +read +Codespaces list", list);
        Assert.StartsWith(
            $"user {bob.Login} may push", await cli.DoAsync($"package explain {package} --user {bob.Login} --action push"),
            StringComparison.Ordinal);
        Assert.Contains(
            "may not delete", await cli.DoAsync($"package explain {package} --user {bob.Login} --action delete"),
            StringComparison.Ordinal);
        await cli.DoAsync($"package access revoke {package} --user {bob.Login}");
        Assert.Equal(4, (await cli.RunAsync("package", "access", "revoke", package, "--user", bob.Login)).ExitCode);
        Assert.Equal(2, (await cli.RunAsync("package", "access", "grant", package)).ExitCode);
        Assert.Equal(2, (await cli.RunAsync("package", "access", "grant", package, "--user", bob.Login)).ExitCode);
        Assert.Equal(
            2, (await cli.RunAsync("package", "access", "grant", package, "--user", "a", "--team", "b", "--role", "read")).ExitCode);
    }

    [Fact]
    public async Task Tokens_of_ones_own_and_of_workflows_are_made()
    {
        var ada = await Server.UserAsync();
        var app = await ada.RepositoryAsync(ada.Login);
        using var cli = new CliRun(Server, ada.Token);
        var value = (await cli.DoAsync($"token create --scopes read:packages --packages {ada.Login}/* --note ci --expires 12h")).Trim();
        Assert.Equal(1, (await new CliRun(Server, value).RunAsync("whoami")).ExitCode);
        var tokens = JsonDocument.Parse(await cli.DoAsync("token list --json")).RootElement;
        Assert.Equal("ci", tokens[0].GetProperty("note").GetString());
        await cli.DoAsync($"token delete {tokens[0].GetProperty("id").GetInt64()}");
        Assert.StartsWith(
            "berthw_", await cli.DoAsync($"token workflow {app} --packages write --expires-in 30m --run 7 --ref refs/heads/main"),
            StringComparison.Ordinal);
        Assert.Equal(1, (await cli.RunAsync("token", "workflow", app, "--expires-in", "25h")).ExitCode);
        Assert.Equal(2, (await cli.RunAsync("token", "workflow", app, "--expires-in", "soon")).ExitCode);
    }

    [Theory]
    [InlineData(0, "", "package", "--help")]
    [InlineData(2, "berth: Required command was not provided", "package")]
    [InlineData(2, "Unrecognized command", "pakcage")]
    [InlineData(2, "is no repository; write owner/name", "repo", "show", "app")]
    [InlineData(2, "is no package; write owner/name", "package", "show", "app")]
    [InlineData(2, "--yes", "org", "delete", "acme")]
    [InlineData(2, "Option '--owner' is required", "admin", "org", "create", "acme")]
    [InlineData(4, "Not Found", "package", "show", "admin/no-such-package")]
    [InlineData(1, "this is for site administrators", "admin", "user", "create", "somebody")]
    public async Task An_exit_code_says_how_a_command_ended(int code, string words, params string[] args)
    {
        var ada = await Server.UserAsync();
        using var cli = new CliRun(Server, ada.Token);
        var result = await cli.RunAsync(args);
        Assert.Equal(code, result.ExitCode);
        Assert.Contains(words, result.Error, StringComparison.Ordinal);
        Assert.True(result.Error.Length == 0 || result.Error.TrimEnd().Split('\n').Length == 1, result.Error);
    }

    [Theory]
    [InlineData("tr-TR")]
    [InlineData("de-DE")]
    public async Task It_speaks_English_on_machines_of_other_languages(string language)
    {
        CultureInfo.CurrentCulture = CultureInfo.CurrentUICulture = new CultureInfo(language);
        using var cli = new CliRun();
        Assert.Contains("\nUsage:\n", (await cli.RunAsync("package", "--help")).Out, StringComparison.Ordinal);
        Assert.Contains("Unrecognized command", (await cli.RunAsync("pakcage")).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_refusal_is_one_line_with_the_request_id_and_nothing_of_the_token()
    {
        var ada = await Server.UserAsync();
        using var cli = new CliRun(Server, ada.Token);
        var result = await cli.RunAsync("package", "show", "admin/secret");
        Assert.Matches(@"^berth: Not Found: .* \(request [0-9a-f]{12}\)\n$", result.Error);
        Assert.Empty(result.Out);
        Assert.DoesNotContain(ada.Token, result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_is_not_there_is_said_so()
    {
        using var cli = new CliRun(token: "some-token");
        cli.Set("BERTH_URL", "http://127.0.0.1:1");
        var result = await cli.RunAsync("whoami");
        Assert.Equal(5, result.ExitCode);
        Assert.Contains("http://127.0.0.1:1 cannot be reached", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Lists_longer_than_a_page_are_read_to_their_end()
    {
        var ada = await Server.UserAsync();
        for (var i = 0; i < 103; i++)
        {
            await ada.DoAsync("PUT", $"/user/packages/container/p{i}");
        }

        using var cli = new CliRun(Server, ada.Token);
        Assert.Equal(103, JsonDocument.Parse(await cli.DoAsync("package ls --json")).RootElement.GetArrayLength());
    }
}
