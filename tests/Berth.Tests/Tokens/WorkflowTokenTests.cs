using System.Net;
using Berth.Tests.TestServer;

namespace Berth.Tests.Tokens;

/// <summary>Tokens that a person makes for a workflow: who may make them, what they can do, and when they end.</summary>
public sealed class WorkflowTokenTests(SharedServer shared)
{
    private const string Write = """{"permissions":{"packages":"write"}}""";

    [Fact]
    public async Task A_push_with_a_workflow_token_links_inherits_and_takes_the_visibility_of_its_repository()
    {
        var ada = await shared.Server.UserAsync();
        var acme = await ada.OrganizationAsync();
        var app = await ada.RepositoryAsync(acme, "app", "internal");
        await (await ada.WorkflowAsync(app)).PushAsync($"{acme}/app");
        var package = await ada.GetAsync($"/orgs/{acme}/packages/container/app");
        Assert.Equal("internal", package["visibility"].GetString());
        Assert.Equal(app, package["repository"].GetProperty("full_name").GetString());
        Assert.True(package["inherits_access"].GetBoolean());
        var access = await ada.GetAsync($"/orgs/{acme}/packages/container/app/access");
        Assert.Equal(app, access["actions"][0].GetProperty("name").GetString());
        Assert.Equal("admin", access["actions"][0].GetProperty("role").GetString());
    }

    [Theory]
    [InlineData("read")]
    [InlineData("triage")]
    public async Task Who_may_not_write_to_the_repository_makes_no_workflow_token(string permission)
    {
        var ada = await shared.Server.UserAsync();
        var bob = await shared.Server.UserAsync("bob");
        var app = await ada.RepositoryAsync(ada.Login);
        await ada.DoAsync("PUT", $"/repos/{app}/collaborators/{bob.Login}", $$"""{"permission":"{{permission}}"}""");
        Assert.Equal(HttpStatusCode.Forbidden, (await bob.SendAsync("POST", $"/repos/{app}/workflow-tokens", Write)).Status);
    }

    [Fact]
    public async Task Reading_a_public_repository_is_no_right_to_stand_for_its_workflows()
    {
        var ada = await shared.Server.UserAsync();
        var eve = await shared.Server.UserAsync("eve");
        var app = await ada.RepositoryAsync(ada.Login, "app", "public");
        Assert.Equal(
            HttpStatusCode.Forbidden,
            (await eve.SendAsync("POST", $"/repos/{app}/workflow-tokens", """{"permissions":{"packages":"read"}}""")).Status);
    }

    [Theory]
    [InlineData("write:packages", "write", HttpStatusCode.Forbidden)]
    [InlineData("repo", "read", HttpStatusCode.Forbidden)]
    [InlineData("repo,read:packages", "write", HttpStatusCode.Forbidden)]
    [InlineData("repo,read:packages", "read", HttpStatusCode.Created)]
    [InlineData("repo,write:packages", "write", HttpStatusCode.Created)]
    public async Task The_making_token_needs_repo_and_the_packages_scope(string scopes, string packages, HttpStatusCode expected)
    {
        var ada = await shared.Server.UserAsync();
        var app = await ada.RepositoryAsync(ada.Login);
        var capped = await ada.WithTokenAsync(scopes);
        Assert.Equal(
            expected,
            (await capped.SendAsync(
                "POST", $"/repos/{app}/workflow-tokens", $$$"""{"permissions":{"packages":"{{{packages}}}"}}""")).Status);
    }

    [Theory]
    [InlineData("""{}""")]
    [InlineData("""{"permissions":"write"}""")]
    [InlineData("""{"permissions":{}}""")]
    [InlineData("""{"permissions":{"packages":"admin"}}""")]
    [InlineData("""{"permissions":{"packages":"read"},"expires_in":0}""")]
    [InlineData("""{"permissions":{"packages":"read"},"expires_in":86401}""")]
    [InlineData("""{"permissions":{"packages":"read"},"expires_in":"1h"}""")]
    [InlineData("""{"permissions":{"packages":"read"},"run":7}""")]
    public async Task A_wrong_request_for_one_is_refused(string body)
    {
        var ada = await shared.Server.UserAsync();
        var app = await ada.RepositoryAsync(ada.Login);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await ada.SendAsync("POST", $"/repos/{app}/workflow-tokens", body)).Status);
    }

    [Fact]
    public async Task Workflow_tokens_make_no_tokens_and_reach_packages_only()
    {
        var ada = await shared.Server.UserAsync();
        var app = await ada.RepositoryAsync(ada.Login);
        var workflow = await ada.WorkflowAsync(app);
        foreach (var (method, path) in new[]
        {
            ("POST", $"/repos/{app}/workflow-tokens"),
            ("POST", "/user/tokens"),
            ("GET", "/user"),
            ("GET", $"/repos/{app}"),
            ("PUT", "/user/packages/container/x"),
        })
        {
            var reply = await workflow.SendAsync(method, path, method == "GET" ? null : Write);
            Assert.True(reply.Status is HttpStatusCode.Forbidden or HttpStatusCode.NotFound, $"{method} {path}: {reply.Body}");
        }

        await workflow.PushAsync($"{ada.Login}/app");
        await workflow.DoAsync("GET", $"/users/{ada.Login}/packages/container/app");
    }

    [Fact]
    public async Task It_dies_with_the_token_that_made_it()
    {
        var ada = await shared.Server.UserAsync();
        var app = await ada.RepositoryAsync(ada.Login);
        var minter = await ada.WithTokenAsync("repo,write:packages");
        var workflow = await minter.WorkflowAsync(app);
        await workflow.PushAsync($"{ada.Login}/app");
        var id = (await ada.GetAsync("/user/tokens")).Json[0].GetProperty("id").GetInt64();
        await ada.DoAsync("DELETE", $"/user/tokens/{id}");
        Assert.Equal(HttpStatusCode.Unauthorized, await workflow.PullAsync($"{ada.Login}/app"));
    }

    [Fact]
    public async Task It_dies_with_the_role_of_who_made_it()
    {
        var ada = await shared.Server.UserAsync();
        var bob = await shared.Server.UserAsync("bob");
        var app = await ada.RepositoryAsync(ada.Login);
        await ada.DoAsync("PUT", $"/repos/{app}/collaborators/{bob.Login}", """{"permission":"write"}""");
        var workflow = await bob.WorkflowAsync(app);
        await workflow.PushAsync($"{ada.Login}/app");
        await ada.DoAsync("PUT", $"/repos/{app}/collaborators/{bob.Login}", """{"permission":"read"}""");
        Assert.Equal(HttpStatusCode.Unauthorized, await workflow.PullAsync($"{ada.Login}/app"));
    }

    [Theory]
    [InlineData(
        "PUT", "/repos/{app}/collaborators/{bob}", """{"permission":"read"}""", "PUT", "/repos/{app}/collaborators/{bob}",
        """{"permission":"write"}""")]
    [InlineData(
        "DELETE", "/repos/{app}/collaborators/{bob}", null, "PUT", "/repos/{app}/collaborators/{bob}", """{"permission":"write"}""")]
    [InlineData(
        "PUT", "/orgs/{acme}/memberships/{bob}", """{"role":"member"}""", "PUT", "/orgs/{acme}/memberships/{bob}", """{"role":"admin"}""")]
    [InlineData("DELETE", "/orgs/{acme}/memberships/{bob}", null, "PUT", "/orgs/{acme}/memberships/{bob}", """{"role":"admin"}""")]
    [InlineData(
        "PATCH", "/orgs/{acme}", """{"default_repository_permission":"read"}""", "PATCH", "/orgs/{acme}",
        """{"default_repository_permission":"write"}""")]
    [InlineData("DELETE", "/orgs/{acme}/teams/core/memberships/{bob}", null, "PUT", "/orgs/{acme}/teams/core/memberships/{bob}", "{}")]
    [InlineData(
        "PUT", "/orgs/{acme}/teams/core/repos/{app}", """{"permission":"pull"}""", "PUT", "/orgs/{acme}/teams/core/repos/{app}",
        """{"permission":"push"}""")]
    [InlineData(
        "DELETE", "/orgs/{acme}/teams/core/repos/{app}", null, "PUT", "/orgs/{acme}/teams/core/repos/{app}", """{"permission":"push"}""")]
    public async Task A_role_that_comes_back_brings_no_token_back(
        string method, string path, string? body, string backMethod, string backPath, string backBody)
    {
        var ada = await shared.Server.UserAsync();
        var bob = await shared.Server.UserAsync("bob");
        var acme = await ada.OrganizationAsync();
        var app = await ada.RepositoryAsync(acme);
        string Path(string text) =>
            text.Replace("{app}", app, StringComparison.Ordinal)
                .Replace("{acme}", acme, StringComparison.Ordinal)
                .Replace("{bob}", bob.Login, StringComparison.Ordinal);
        await ada.DoAsync("PUT", $"/orgs/{acme}/memberships/{bob.Login}", """{"role":"member"}""");
        if (path.Contains("/teams/", StringComparison.Ordinal))
        {
            await ada.DoAsync("POST", $"/orgs/{acme}/teams", """{"name":"core"}""");
            await ada.DoAsync("PUT", $"/orgs/{acme}/teams/core/memberships/{bob.Login}", "{}");
            await ada.DoAsync("PUT", $"/orgs/{acme}/teams/core/repos/{app}", """{"permission":"push"}""");
        }

        await ada.DoAsync(backMethod, Path(backPath), backBody);
        var ended = await bob.WorkflowAsync(app);
        await ended.PushAsync($"{acme}/app");
        await ada.DoAsync(method, Path(path), body);
        await ada.DoAsync(backMethod, Path(backPath), backBody);

        // It was not used in between, so the loss of the role has ended it, not somebody who noticed.
        Assert.Equal(HttpStatusCode.Unauthorized, await ended.PullAsync($"{acme}/app"));
        Assert.Equal(HttpStatusCode.OK, await (await bob.WorkflowAsync(app)).PullAsync($"{acme}/app"));
    }

    [Fact]
    public async Task Another_role_that_suffices_keeps_it_alive()
    {
        var ada = await shared.Server.UserAsync();
        var bob = await shared.Server.UserAsync("bob");
        var acme = await ada.OrganizationAsync();
        var app = await ada.RepositoryAsync(acme);
        await ada.DoAsync("PUT", $"/orgs/{acme}/memberships/{bob.Login}", """{"role":"admin"}""");
        await ada.DoAsync("PUT", $"/repos/{app}/collaborators/{bob.Login}", """{"permission":"write"}""");
        var workflow = await bob.WorkflowAsync(app);
        await workflow.PushAsync($"{acme}/app");
        await ada.DoAsync("DELETE", $"/repos/{app}/collaborators/{bob.Login}");
        Assert.Equal(HttpStatusCode.OK, await workflow.PullAsync($"{acme}/app"));
    }

    [Fact]
    public async Task A_repository_that_is_transferred_away_from_its_minter_ends_it()
    {
        var ada = await shared.Server.UserAsync();
        var bob = await shared.Server.UserAsync("bob");
        var acme = await ada.OrganizationAsync();
        await ada.DoAsync("PUT", $"/orgs/{acme}/memberships/{bob.Login}", """{"role":"admin"}""");
        var app = await ada.RepositoryAsync(acme);
        var workflow = await bob.WorkflowAsync(app);
        await workflow.PushAsync($"{acme}/app");
        await ada.DoAsync("PATCH", $"/orgs/{acme}/packages/container/app", """{"visibility":"public"}""");
        await ada.DoAsync("POST", $"/repos/{app}/transfer", $$"""{"new_owner":"{{ada.Login}}"}""");
        await ada.DoAsync("PUT", $"/repos/{ada.Login}/app/collaborators/{bob.Login}", """{"permission":"write"}""");
        Assert.Equal(HttpStatusCode.Unauthorized, await workflow.PullAsync($"{acme}/app"));
    }

    [Fact]
    public async Task It_lives_an_hour_unless_told_otherwise()
    {
        await using var server = await BerthServer.StartAsync(manualClock: true);
        var ada = await server.UserAsync();
        var app = await ada.RepositoryAsync(ada.Login);
        var workflow = await ada.WorkflowAsync(app);
        await workflow.PushAsync($"{ada.Login}/app");
        server.Clock!.Advance(TimeSpan.FromHours(1));
        Assert.Equal(HttpStatusCode.Unauthorized, await workflow.PullAsync($"{ada.Login}/app"));
    }

    [Fact]
    public async Task A_minted_token_counts_at_most_as_write_on_the_actions_list()
    {
        var ada = await shared.Server.UserAsync();
        var app = await ada.RepositoryAsync(ada.Login);
        var workflow = await ada.WorkflowAsync(app);
        await workflow.PushAsync($"{ada.Login}/app");
        Assert.Equal(HttpStatusCode.Forbidden, (await workflow.SendAsync("DELETE", $"/users/{ada.Login}/packages/container/app")).Status);
    }
}
