using System.Net;
using Berth.Tests.TestServer;

namespace Berth.Tests.Packages;

/// <summary>Grants, the Actions and Codespaces lists, and explanations, over REST.</summary>
public sealed class PackageAccessTests(SharedServer shared)
{
    [Fact]
    public async Task A_grant_works_at_once_and_so_does_its_end()
    {
        var ada = await shared.Server.UserAsync();
        var bob = await shared.Server.UserAsync("bob");
        await ada.PushAsync($"{ada.Login}/web");
        Assert.Equal(HttpStatusCode.Forbidden, await bob.PullAsync($"{ada.Login}/web"));
        await ada.DoAsync("PUT", $"/user/packages/container/web/access/users/{bob.Login}", """{"role":"read"}""");
        Assert.Equal(HttpStatusCode.OK, await bob.PullAsync($"{ada.Login}/web"));
        await ada.DoAsync("DELETE", $"/user/packages/container/web/access/users/{bob.Login}");
        Assert.Equal(HttpStatusCode.Forbidden, await bob.PullAsync($"{ada.Login}/web"));
        Assert.Equal(
            HttpStatusCode.NotFound, (await ada.SendAsync("DELETE", $"/user/packages/container/web/access/users/{bob.Login}")).Status);
    }

    [Fact]
    public async Task Grants_are_locked_while_the_package_inherits_and_both_lists_are_not()
    {
        var ada = await shared.Server.UserAsync();
        var acme = await ada.OrganizationAsync();
        var app = await ada.RepositoryAsync(acme);
        await ada.DoAsync("POST", $"/orgs/{acme}/teams", """{"name":"core"}""");
        var access = $"/orgs/{acme}/packages/container/web/access";
        await ada.DoAsync("PUT", $"/orgs/{acme}/packages/container/web", $$"""{"repository":"{{app}}","inherit_access":true}""");
        foreach (var (method, path) in new[]
        {
            ("PUT", $"{access}/users/{ada.Login}"),
            ("DELETE", $"{access}/users/{ada.Login}"),
            ("PUT", $"{access}/teams/core"),
            ("DELETE", $"{access}/teams/core"),
        })
        {
            var reply = await ada.SendAsync(method, path, """{"role":"read"}""");
            Assert.Equal(HttpStatusCode.UnprocessableEntity, reply.Status);
            Assert.Contains($"inherits its access from {app}", reply.Message, StringComparison.Ordinal);
        }

        await ada.DoAsync("PUT", $"{access}/actions/{app}", """{"role":"admin"}""");
        await ada.DoAsync("PUT", $"{access}/codespaces/{app}");
        await ada.DoAsync("DELETE", $"{access}/actions/{app}");
        await ada.DoAsync("DELETE", $"{access}/codespaces/{app}");
    }

    [Fact]
    public async Task A_team_is_granted_in_its_organization_only()
    {
        var ada = await shared.Server.UserAsync();
        var bob = await shared.Server.UserAsync("bob");
        var acme = await ada.OrganizationAsync();
        await ada.DoAsync("PUT", $"/orgs/{acme}/memberships/{bob.Login}");
        await ada.DoAsync("POST", $"/orgs/{acme}/teams", """{"name":"core"}""");
        await ada.DoAsync("PUT", $"/orgs/{acme}/teams/core/memberships/{bob.Login}");
        await ada.PushAsync($"{acme}/web");
        await ada.PushAsync($"{ada.Login}/web");
        await ada.DoAsync("PUT", $"/orgs/{acme}/packages/container/web/access/teams/core", """{"role":"write"}""");
        await bob.PushAsync($"{acme}/web", "2");
        Assert.Equal(
            HttpStatusCode.UnprocessableEntity,
            (await ada.SendAsync("PUT", "/user/packages/container/web/access/teams/core", """{"role":"read"}""")).Status);
        Assert.Equal(
            HttpStatusCode.NotFound,
            (await ada.SendAsync("PUT", $"/orgs/{acme}/packages/container/web/access/teams/none", """{"role":"read"}""")).Status);
    }

    [Fact]
    public async Task The_actions_list_gives_workflows_the_role_it_says()
    {
        var ada = await shared.Server.UserAsync();
        var app = await ada.RepositoryAsync(ada.Login);
        await ada.PushAsync($"{ada.Login}/web");
        var workflow = await ada.WorkflowAsync(app);
        Assert.Equal(HttpStatusCode.Forbidden, await workflow.PullAsync($"{ada.Login}/web"));
        await ada.DoAsync("PUT", $"/user/packages/container/web/access/actions/{app}", """{"role":"read"}""");
        Assert.Equal(HttpStatusCode.OK, await workflow.PullAsync($"{ada.Login}/web"));
        await ada.DoAsync("PUT", $"/user/packages/container/web/access/actions/{app}", """{"role":"write"}""");
        await workflow.PushAsync($"{ada.Login}/web", "2");
    }

    [Fact]
    public async Task A_list_does_not_tell_whether_a_hidden_repository_exists()
    {
        var ada = await shared.Server.UserAsync();
        var bob = await shared.Server.UserAsync("bob");
        var hidden = await bob.RepositoryAsync(bob.Login, "hidden");
        await ada.PushAsync($"{ada.Login}/web");
        var existing = await ada.SendAsync("PUT", $"/user/packages/container/web/access/codespaces/{hidden}");
        var missing = await ada.SendAsync("PUT", $"/user/packages/container/web/access/codespaces/{bob.Login}/absent");
        Assert.Equal(HttpStatusCode.UnprocessableEntity, existing.Status);
        Assert.Equal(missing.Message.Replace("absent", "hidden", StringComparison.Ordinal), existing.Message);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"role":"owner"}""")]
    [InlineData("""{"role":1}""")]
    [InlineData("""{"role":"none"}""")]
    public async Task A_role_is_read_write_or_admin(string body)
    {
        var ada = await shared.Server.UserAsync();
        await ada.PushAsync($"{ada.Login}/web");
        Assert.Equal(
            HttpStatusCode.UnprocessableEntity,
            (await ada.SendAsync("PUT", $"/user/packages/container/web/access/users/{ada.Login}", body)).Status);
    }

    [Fact]
    public async Task Access_is_listed_with_where_it_comes_from_to_admins_only()
    {
        var ada = await shared.Server.UserAsync();
        var bob = await shared.Server.UserAsync("bob");
        var acme = await ada.OrganizationAsync();
        var app = await ada.RepositoryAsync(acme);
        await ada.DoAsync("PUT", $"/repos/{app}/collaborators/{bob.Login}", """{"permission":"maintain"}""");
        await ada.DoAsync(
            "PUT", $"/orgs/{acme}/packages/container/web", $$"""{"repository":"{{app}}","inherit_access":true,"visibility":"internal"}""");
        var access = await ada.GetAsync($"/orgs/{acme}/packages/container/web/access");
        Assert.Contains(
            $$"""{"name":"owners of {{acme}}","role":"admin","source":"organization owners"}""", access.Body, StringComparison.Ordinal);
        Assert.Contains($$"""{"name":"members of {{acme}}","role":"read","source":"internal"}""", access.Body, StringComparison.Ordinal);
        Assert.Contains(
            $$"""{"name":"{{bob.Login}}","role":"write","source":"collaborator with maintain on {{app}}"}""", access.Body,
            StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Forbidden, (await bob.GetAsync($"/orgs/{acme}/packages/container/web/access")).Status);
        var eve = await shared.Server.UserAsync("eve");
        Assert.Equal(HttpStatusCode.NotFound, (await eve.GetAsync($"/orgs/{acme}/packages/container/web/access")).Status);
    }

    [Fact]
    public async Task An_explanation_says_which_rule_decides_and_what_would_change_it()
    {
        var ada = await shared.Server.UserAsync();
        var bob = await shared.Server.UserAsync("bob");
        var app = await ada.RepositoryAsync(ada.Login);
        await ada.PushAsync($"{ada.Login}/web");
        var explain = "/user/packages/container/web/access/explain";
        var user = await ada.DoAsync("GET", $"{explain}?user={bob.Login}&action=pull");
        Assert.False(user["allowed"].GetBoolean());
        Assert.Equal(
            $"an admin of the package can run: berth package access grant {ada.Login}/web --user {bob.Login} --role read",
            user["remedy"].GetString());
        var workflow = await ada.DoAsync("GET", $"{explain}?workflow={app}&action=push");
        Assert.Contains("Actions list", workflow["reason"].GetString(), StringComparison.Ordinal);
        var codespace = await ada.DoAsync("GET", $"{explain}?codespace={app}");
        Assert.EndsWith($"--codespaces {app}", codespace["remedy"].GetString(), StringComparison.Ordinal);
        var self = await ada.DoAsync("GET", $"{explain}?action=delete");
        Assert.True(self["allowed"].GetBoolean());
        Assert.Equal("the token has delete:packages", self["reason"].GetString());
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await ada.GetAsync($"{explain}?action=fly")).Status);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await ada.GetAsync($"{explain}?user=a&workflow=b/c")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await ada.GetAsync($"{explain}?user=nobody-at-all")).Status);
    }

    [Fact]
    public async Task Codespaces_that_do_not_exist_are_told_apart()
    {
        var ada = await shared.Server.UserAsync();
        var bob = await shared.Server.UserAsync("bob");
        var app = await ada.RepositoryAsync(ada.Login);
        var other = await ada.RepositoryAsync(ada.Login, "other");
        var secret = await bob.RepositoryAsync(bob.Login, "secret");
        await ada.PushAsync($"{ada.Login}/web");
        await ada.DoAsync("PUT", $"/user/packages/container/web/access/codespaces/{app}");
        await ada.DoAsync("PUT", $"/user/packages/container/web/access/users/{bob.Login}", """{"role":"read"}""");
        var theirs = await bob.GetAsync($"/users/{ada.Login}/packages/container/web/access/explain?codespace={secret}");
        Assert.Contains(secret, theirs.Json.ToString(), StringComparison.Ordinal);
        for (var again = 0; again < 2; again++)
        {
            var listed = await ada.GetAsync($"/user/packages/container/web/access/explain?codespace={app}");
            Assert.True(listed["allowed"].GetBoolean());
            Assert.DoesNotContain(secret, listed.Json.ToString(), StringComparison.Ordinal);
            var unlisted = await ada.GetAsync($"/user/packages/container/web/access/explain?codespace={other}");
            Assert.False(unlisted["allowed"].GetBoolean());
            Assert.Contains(other, unlisted["reason"].GetString(), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("workflow")]
    [InlineData("codespace")]
    public async Task Asking_does_not_tell_whether_a_hidden_repository_exists(string kind)
    {
        var ada = await shared.Server.UserAsync();
        var bob = await shared.Server.UserAsync("bob");
        var hidden = await bob.RepositoryAsync(bob.Login, "hidden");
        await ada.PushAsync($"{ada.Login}/web");
        var existing = await ada.GetAsync($"/user/packages/container/web/access/explain?{kind}={hidden}");
        var missing = await ada.GetAsync($"/user/packages/container/web/access/explain?{kind}={bob.Login}/absent");
        Assert.Equal(HttpStatusCode.NotFound, existing.Status);
        Assert.Equal(missing.Message.Replace("absent", "hidden", StringComparison.Ordinal), existing.Message);
    }

    [Fact]
    public async Task A_reader_may_ask_about_themselves_only()
    {
        var ada = await shared.Server.UserAsync();
        var bob = await shared.Server.UserAsync("bob");
        await ada.PushAsync($"{ada.Login}/web");
        var explain = $"/users/{ada.Login}/packages/container/web/access/explain";
        Assert.Equal(HttpStatusCode.NotFound, (await bob.GetAsync(explain)).Status);
        await ada.DoAsync("PUT", $"/user/packages/container/web/access/users/{bob.Login}", """{"role":"read"}""");
        Assert.False((await bob.DoAsync("GET", $"{explain}?action=push"))["allowed"].GetBoolean());
        Assert.True((await bob.DoAsync("GET", $"{explain}?user={bob.Login}"))["allowed"].GetBoolean());
        Assert.Equal(HttpStatusCode.Forbidden, (await bob.GetAsync($"{explain}?user={ada.Login}")).Status);
    }
}
