using System.Net;
using Berth.Tests.TestServer;

namespace Berth.Tests.Tokens;

public sealed class PersonalTokenTests(SharedServer shared)
{
    [Fact]
    public async Task A_value_is_shown_once()
    {
        var ada = await shared.Server.UserAsync();
        var made = await ada.SendAsync("POST", "/user/tokens", """{"note":"ci","scopes":["read:packages"]}""");
        Assert.Equal(HttpStatusCode.Created, made.Status);
        var value = made["token"].GetString()!;
        Assert.StartsWith("berthp_", value, StringComparison.Ordinal);
        Assert.DoesNotContain(value, (await ada.GetAsync("/user/tokens")).Body, StringComparison.Ordinal);
        Assert.Equal(2, (await ada.GetAsync("/user/tokens")).Json.GetArrayLength());
    }

    [Fact]
    public async Task All_of_ones_tokens_end_at_once_and_nobody_elses()
    {
        var (ada, bob) = (await shared.Server.UserAsync(), await shared.Server.UserAsync("bob"));
        var second = await ada.WithTokenAsync("read:packages");
        var workflow = await ada.WorkflowAsync(await ada.RepositoryAsync(ada.Login));
        await workflow.PushAsync($"{ada.Login}/app");
        Assert.Equal(HttpStatusCode.Forbidden, (await second.SendAsync("DELETE", "/user/tokens")).Status);
        await ada.DoAsync("DELETE", "/user/tokens");
        foreach (var ended in new[] { ada, second })
        {
            Assert.Equal(HttpStatusCode.Unauthorized, (await ended.GetAsync("/user")).Status);
        }

        Assert.Equal(HttpStatusCode.Unauthorized, await workflow.PullAsync($"{ada.Login}/app"));
        await bob.DoAsync("GET", "/user");
    }

    [Fact]
    public async Task A_deleted_token_ends_at_once()
    {
        var ada = await shared.Server.UserAsync();
        var made = await ada.DoAsync("POST", "/user/tokens", """{"scopes":[]}""");
        var second = new Person(shared.Server, ada.Login, made["token"].GetString());
        await second.DoAsync("GET", "/user");
        await ada.DoAsync("DELETE", $"/user/tokens/{made["id"].GetInt64()}");
        Assert.Equal(HttpStatusCode.Unauthorized, (await second.GetAsync("/user")).Status);
    }

    [Fact]
    public async Task Nobody_deletes_the_tokens_of_others()
    {
        var ada = await shared.Server.UserAsync();
        var bob = await shared.Server.UserAsync("bob");
        var id = (await ada.GetAsync("/user/tokens")).Json[0].GetProperty("id").GetInt64();
        Assert.Equal(HttpStatusCode.NotFound, (await bob.SendAsync("DELETE", $"/user/tokens/{id}")).Status);
    }

    [Fact]
    public async Task A_weak_token_ends_itself_and_no_stronger_one()
    {
        var ada = await shared.Server.UserAsync();
        var strong = (await ada.GetAsync("/user/tokens")).Json[0].GetProperty("id").GetInt64();
        var made = await ada.DoAsync("POST", "/user/tokens", "{\"scopes\":[\"read:packages\"]}");
        var weak = new Person(shared.Server, ada.Login, made["token"].GetString());
        Assert.Equal(HttpStatusCode.Forbidden, (await weak.SendAsync("DELETE", $"/user/tokens/{strong}")).Status);
        await weak.DoAsync("DELETE", $"/user/tokens/{made["id"].GetInt64()}");
        Assert.Equal(HttpStatusCode.Unauthorized, (await weak.GetAsync("/user")).Status);
    }

    [Theory]
    [InlineData("read:packages", "write:packages")]
    [InlineData("write:packages", "repo")]
    [InlineData("read:org", "admin:org")]
    [InlineData("repo", "site_admin")]
    public async Task A_token_makes_none_that_can_more_than_itself(string own, string wanted)
    {
        var ada = await shared.Server.UserAsync("ada", own);
        var refused = await ada.SendAsync("POST", "/user/tokens", $$"""{"scopes":["{{wanted}}"]}""");
        Assert.Equal(HttpStatusCode.UnprocessableEntity, refused.Status);
    }

    [Fact]
    public async Task Writing_includes_reading_when_tokens_are_made()
    {
        var ada = await shared.Server.UserAsync("ada", "write:packages,admin:org");
        await ada.DoAsync("POST", "/user/tokens", """{"scopes":["read:packages","read:org"]}""");
    }

    [Fact]
    public async Task A_narrowed_token_reaches_packages_only()
    {
        var ada = await shared.Server.UserAsync();
        await ada.PushAsync($"{ada.Login}/app");
        await ada.PushAsync($"{ada.Login}/other");
        var narrow = await ada.WithTokenAsync("write:packages,repo", $"{ada.Login}/app");
        await narrow.DoAsync("GET", "/user/packages/container/app");
        Assert.Single((await narrow.GetAsync("/user/packages?package_type=container")).Json.EnumerateArray());
        Assert.Equal(HttpStatusCode.NotFound, (await narrow.GetAsync("/user/packages/container/other")).Status);
        foreach (var (method, path) in new[]
        {
            ("GET", "/user"),
            ("GET", "/user/tokens"),
            ("POST", "/user/tokens"),
            ("GET", $"/users/{ada.Login}"),
            ("POST", "/user/repos"),
        })
        {
            Assert.Equal(HttpStatusCode.Forbidden, (await narrow.SendAsync(method, path, method == "POST" ? "{}" : null)).Status);
        }
    }

    [Fact]
    public async Task A_token_ends_at_its_hour_and_makes_none_that_outlives_it()
    {
        await using var server = await BerthServer.StartAsync(manualClock: true);
        var ada = await server.UserAsync();
        var made = await ada.DoAsync("POST", "/user/tokens", """{"scopes":["repo"],"expires_at":"2026-01-01T01:00:00Z"}""");
        var hour = new Person(server, ada.Login, made["token"].GetString());
        Assert.Equal(
            HttpStatusCode.UnprocessableEntity,
            (await hour.SendAsync("POST", "/user/tokens", """{"scopes":["repo"],"expires_at":"2026-01-01T02:00:00Z"}""")).Status);
        Assert.Equal(
            "2026-01-01T01:00:00Z", (await hour.DoAsync("POST", "/user/tokens", """{"scopes":["repo"]}"""))["expires_at"].GetString());
        server.Clock!.Advance(TimeSpan.FromSeconds(3599));
        await hour.DoAsync("GET", "/user");
        server.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(HttpStatusCode.Unauthorized, (await hour.GetAsync("/user")).Status);
    }
}
