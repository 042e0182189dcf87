using System.Net;
using System.Text.RegularExpressions;
using Berth.Tests.TestServer;

namespace Berth.Tests.Cli;

/// <summary>A refusal names the command that would change it. This test runs that command unchanged, and the refusal is gone.</summary>
public sealed partial class RemedyTests(SharedServer shared)
{
    [Fact]
    public async Task The_command_for_a_user_who_may_read_and_wants_to_write()
    {
        var ada = await shared.Server.UserAsync();
        var bob = await shared.Server.UserAsync("bob");
        await ada.PushAsync($"{ada.Login}/tools/web");
        await ada.DoAsync("PUT", $"/user/packages/container/tools%2Fweb/access/users/{bob.Login}", """{"role":"read"}""");
        await RunAsync(
            ada,
            (await bob.GetAsync($"/users/{ada.Login}/packages/container/tools%2Fweb/access/explain?action=push"))["remedy"].GetString()!);
        await bob.PushAsync($"{ada.Login}/tools/web", "2");
    }

    [Fact]
    public async Task The_command_for_a_workflow()
    {
        var ada = await shared.Server.UserAsync();
        var app = await ada.RepositoryAsync(ada.Login);
        await ada.PushAsync($"{ada.Login}/web");
        await RunAsync(
            ada, (await ada.GetAsync($"/user/packages/container/web/access/explain?workflow={app}&action=push"))["remedy"].GetString()!);
        await (await ada.WorkflowAsync(app)).PushAsync($"{ada.Login}/web", "2");
    }

    [Fact]
    public async Task The_command_for_a_codespace()
    {
        var ada = await shared.Server.UserAsync();
        var app = await ada.RepositoryAsync(ada.Login);
        await ada.PushAsync($"{ada.Login}/web");
        var explain = $"/user/packages/container/web/access/explain?codespace={app}";
        await RunAsync(ada, (await ada.GetAsync(explain))["remedy"].GetString()!);
        Assert.True((await ada.GetAsync(explain))["allowed"].GetBoolean());
    }

    [Fact]
    public async Task The_command_that_makes_a_package_as_open_as_its_repository()
    {
        var ada = await shared.Server.UserAsync();
        var app = await ada.RepositoryAsync(ada.Login, "app", "public");
        await ada.DoAsync("PUT", "/user/packages/container/web", $$"""{"repository":"{{app}}"}""");
        await RunAsync(ada, (await ada.GetAsync("/user/packages/container/web"))["visibility_differs"].GetProperty("command").GetString()!);
        Assert.Equal("public", (await ada.GetAsync("/user/packages/container/web"))["visibility"].GetString());
    }

    [Fact]
    public async Task The_command_that_unlocks_grants()
    {
        var ada = await shared.Server.UserAsync();
        var app = await ada.RepositoryAsync(ada.Login);
        await ada.DoAsync("PUT", "/user/packages/container/web", $$"""{"repository":"{{app}}","inherit_access":true}""");
        var path = $"/user/packages/container/web/access/users/{ada.Login}";
        await RunAsync(ada, (await ada.SendAsync("PUT", path, """{"role":"read"}""")).Message);
        await ada.DoAsync("PUT", path, """{"role":"read"}""");
    }

    [Fact]
    public async Task The_commands_that_change_an_organizations_settings()
    {
        var ada = await shared.Server.UserAsync();
        var bob = await shared.Server.UserAsync("bob");
        var acme = await ada.OrganizationAsync();
        await ada.DoAsync("POST", $"/orgs/{acme}/teams", """{"name":"core"}""");
        await RunAsync(ada, (await ada.SendAsync("PUT", $"/orgs/{acme}/teams/core/memberships/{bob.Login}")).Message);
        await ada.DoAsync("PUT", $"/orgs/{acme}/teams/core/memberships/{bob.Login}");
        await bob.DoAsync("PUT", $"/orgs/{acme}/packages/container/mine");
        await RunAsync(ada, (await bob.SendAsync("PATCH", $"/orgs/{acme}/packages/container/mine", """{"visibility":"public"}""")).Message);
        await bob.DoAsync("PATCH", $"/orgs/{acme}/packages/container/mine", """{"visibility":"public"}""");
        await ada.DoAsync("PATCH", $"/orgs/{acme}", """{"members_can_create_repositories":false}""");
        await RunAsync(ada, (await bob.SendAsync("POST", $"/orgs/{acme}/repos", """{"name":"r"}""")).Message);
        Assert.Equal(HttpStatusCode.Created, (await bob.SendAsync("POST", $"/orgs/{acme}/repos", """{"name":"r"}""")).Status);
    }

    /// <summary>Runs the command in the words, as the person.</summary>
    private async Task RunAsync(Person person, string words)
    {
        var command = Command().Match(words);
        Assert.True(command.Success, $"no command in: {words}");
        using var cli = new CliRun(shared.Server, person.Token);
        await cli.DoAsync(command.Groups["line"].Value);
    }

    [GeneratedRegex(@"berth (?<line>[^()]+?)(\)|$)", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Command();
}
