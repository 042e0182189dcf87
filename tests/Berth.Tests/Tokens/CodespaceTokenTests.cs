using System.Net;
using Berth.Tests.TestServer;

namespace Berth.Tests.Tokens;

/// <summary>
/// A codespace's own token reaches its repository, its creator's profile and itself. Everything else is refused, whether it exists or not.
/// </summary>
public sealed class CodespaceTokenTests(SharedServer shared)
{
    [Fact]
    public async Task It_reads_its_repository_and_its_creators_profile_and_nothing_else()
    {
        var ada = await shared.Server.UserAsync();
        var app = await ada.RepositoryAsync(ada.Login);
        var other = await ada.RepositoryAsync(ada.Login, "other", "public");
        var id = (await ada.GetAsync($"/repos/{app}"))["id"].GetInt64();
        var codespace = await CodespaceTokens.CreateAsync(ada, app);
        await codespace.DoAsync("GET", $"/repos/{app}");
        await codespace.DoAsync("GET", $"/repositories/{id}");
        await codespace.DoAsync("GET", $"/users/{ada.Login}");
        foreach (var (method, path) in new[]
        {
            ("GET", "/"), ("GET", "/user"), ("GET", $"/repos/{other}"), ("GET", "/repos/nobody/nothing"), ("GET", "/users/admin"),
            ("PATCH", $"/repos/{app}"),
            ("DELETE", $"/repos/{app}"), ("POST", "/user/tokens"), ("GET", "/user/tokens"), ("POST", $"/repos/{app}/workflow-tokens"),
            ("GET", "/user/packages?package_type=container"), ("GET", $"/users/{ada.Login}/packages/container/web"),
            ("PUT", $"/users/{ada.Login}/packages/container/web"),
            ("GET", "/user/codespaces"), ("GET", "/user/codespaces/another"), ("DELETE", $"/user/codespaces/{codespace.Login}"),
            ("GET", $"/repos/{app}/collaborators"),
        })
        {
            var reply = await codespace.SendAsync(method, path, method is "GET" or "DELETE" ? null : "{}");
            Assert.True(reply.Status == HttpStatusCode.Forbidden, $"{method} {path} answers {(int)reply.Status}: {reply.Body}");
        }
    }

    [Fact]
    public async Task It_pulls_and_never_pushes()
    {
        var ada = await shared.Server.UserAsync();
        var app = await ada.RepositoryAsync(ada.Login);
        await ada.PushAsync($"{ada.Login}/web");
        var codespace = await CodespaceTokens.CreateAsync(ada, app);
        Assert.Equal(HttpStatusCode.Forbidden, await codespace.PullAsync($"{ada.Login}/web"));
        await ada.DoAsync("PUT", $"/user/packages/container/web/access/codespaces/{app}");
        Assert.Equal(HttpStatusCode.OK, await codespace.PullAsync($"{ada.Login}/web"));
    }

    [Fact]
    public async Task It_ends_when_its_creator_may_no_longer_read_the_repository()
    {
        var ada = await shared.Server.UserAsync();
        var bob = await shared.Server.UserAsync("bob");
        var app = await ada.RepositoryAsync(ada.Login);
        await ada.DoAsync("PUT", $"/repos/{app}/collaborators/{bob.Login}", """{"permission":"read"}""");
        var codespace = await CodespaceTokens.CreateAsync(bob, app);
        await codespace.DoAsync("GET", $"/repos/{app}");
        await ada.DoAsync("DELETE", $"/repos/{app}/collaborators/{bob.Login}");
        Assert.Equal(HttpStatusCode.Unauthorized, (await codespace.GetAsync($"/repos/{app}")).Status);
    }
}
