using System.Net;
using System.Security.Cryptography;
using System.Text;
using Berth.Tests.Codespaces.Scripted;
using Berth.Tests.TestServer;

namespace Berth.Tests.Codespaces.Prebuilds;

/// <summary>Pushes that git servers report, each in its own form.</summary>
public sealed class PushHookTests(ScriptedServer scripted) : IClassFixture<ScriptedServer>
{
    private const string Body = """{"ref":"refs/heads/main","after":"1111111111111111111111111111111111111111"}""";

    private ScriptedWorld World => scripted.World;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string Codespaces => $"/repos/{World.Repository}/codespaces";

    [Theory]
    [InlineData("X-GitHub-Event", "push", "X-Hub-Signature-256", "sha256=")]
    [InlineData("X-Gitea-Event", "push", "X-Gitea-Signature", "")]
    [InlineData("X-Forgejo-Event", "push", "X-Forgejo-Signature", "")]
    [InlineData("X-Gitlab-Event", "Push Hook", "X-Gitlab-Token", null)]
    public async Task A_push_begins_the_prebuilds_of_its_branch(string name, string push, string proof, string? prefix)
    {
        World.Reset();
        var configuration = (await World.Ada.DoAsync("POST", Codespaces + "/prebuild-configurations", "{}"))["id"].GetInt64();
        await World.Ada.DoAsync("POST", Codespaces + "/prebuild-configurations", """{"ref":"other"}""");
        var hook = await World.Ada.DoAsync("PUT", Codespaces + "/prebuild-hook", "{}");
        var (url, secret) = (hook["url"].GetString()!, hook["secret"].GetString()!);
        Assert.DoesNotContain(secret, (await World.Ada.GetAsync(Codespaces + "/prebuild-hook")).Body, StringComparison.Ordinal);

        string Proof(string body) => prefix is null ? secret : prefix + Signature(secret, body);
        var (status, answer) = await TellAsync(url, Body, (name, push), (proof, Proof(Body)));
        Assert.Equal((HttpStatusCode.Accepted, """{"prebuilds":1}"""), (status, answer));
        foreach (var body in new[]
        {
            """{"ref":"refs/tags/main"}""", """{"ref":"refs/heads/main","after":"0000000000000000000000000000000000000000"}""", "[]", "x",
            """{"ref":"refs/heads/nobodys"}""", """{"ref":7}""", "",
        })
        {
            Assert.Equal(
                (HttpStatusCode.Accepted, """{"prebuilds":0}"""), await TellAsync(url, body, (name, push), (proof, Proof(body))));
        }

        Assert.Equal((HttpStatusCode.Accepted, """{"prebuilds":0}"""), await TellAsync(url, Body, (name, "ping"), (proof, Proof(Body))));
        foreach (var wrong in new[] { "", "x", Proof(Body)[..^1] + "g", "sha256=", prefix + Signature("another secret!!", Body) })
        {
            Assert.Equal(HttpStatusCode.Unauthorized, (await TellAsync(url, Body, (name, push), (proof, wrong))).Status);
        }

        Assert.Equal(HttpStatusCode.Unauthorized, (await TellAsync(url, Body, (name, push))).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await TellAsync(url + "1", Body, (name, push), (proof, Proof(Body)))).Status);
        await World.Ada.DoAsync("DELETE", Codespaces + "/prebuild-hook");
        Assert.Equal(HttpStatusCode.Unauthorized, (await TellAsync(url, Body, (name, push), (proof, Proof(Body)))).Status);
        foreach (var one in (await World.Ada.GetAsync(Codespaces + "/prebuild-configurations"))["configurations"].EnumerateArray())
        {
            await World.Ada.DoAsync("DELETE", $"{Codespaces}/prebuild-configurations/{one.GetProperty("id").GetInt64()}");
        }

        Assert.NotEqual(0, configuration);
    }

    [Theory]
    [InlineData("X-GitHub-Event", "push", """{"ref":"refs/heads/feature/x","after":"00000000"}""", true, false)]
    [InlineData("X-Gitea-Event", "delete", """{"ref":"feature/x","ref_type":"branch"}""", true, false)]
    [InlineData("X-GitHub-Event", "pull_request", """{"action":"closed","number":7}""", false, true)]
    [InlineData("X-Gitlab-Event", "Merge Request Hook", """{"object_attributes":{"action":"merge","iid":7}}""", false, true)]
    [InlineData("X-GitHub-Event", "pull_request", """{"action":"opened","number":7}""", false, false)]
    [InlineData("X-GitHub-Event", "push", """{"ref":"refs/heads/feature/x","after":"11111111"}""", false, false)]
    [InlineData("X-GitHub-Event", "pull_request", """{"action":"closed","number":"7"}""", false, false)]
    public async Task Versions_that_follow_a_branch_or_pull_request_go_when_a_git_server_tells_that_it_is_gone(
        string name, string told, string body, bool branch, bool request)
    {
        var image = Persons.Unique("follows");
        foreach (var tag in new[] { "latest", "branch-feature-x", "pr-7" })
        {
            await World.Ada.PushAsync($"{World.Ada.Login}/{image}", tag, $"\"n\":\"{tag}\"");
        }

        var package = $"/user/packages/container/{image}";
        await World.Ada.DoAsync("PATCH", package, $$"""{"repository":"{{World.Repository}}"}""");
        await World.Ada.DoAsync("PUT", $"{package}/retention", """{"rules":[{"expires_with":["branch-{branch}","pr-{pr}"]}]}""");
        var hook = await World.Ada.DoAsync("PUT", Codespaces + "/prebuild-hook", "{}");
        var (url, secret) = (hook["url"].GetString()!, hook["secret"].GetString()!);
        await TellAsync(url, body, (name, told));
        Assert.Equal(HttpStatusCode.OK, await World.Ada.PullAsync($"{World.Ada.Login}/{image}", "pr-7"));
        await TellAsync(url, body, (name, told), ("X-Hub-Signature-256", "sha256=" + Signature(secret, body)));
        Assert.Equal(
            (branch, request, false),
            (
                await World.Ada.PullAsync($"{World.Ada.Login}/{image}", "branch-feature-x") == HttpStatusCode.NotFound,
                await World.Ada.PullAsync($"{World.Ada.Login}/{image}", "pr-7") == HttpStatusCode.NotFound,
                await World.Ada.PullAsync($"{World.Ada.Login}/{image}") == HttpStatusCode.NotFound));
        await World.Ada.DoAsync("DELETE", package);
    }

    [Fact]
    public async Task A_body_has_a_size()
    {
        await World.Ada.DoAsync("PUT", Codespaces + "/prebuild-hook", """{"secret":"0123456789abcdef"}""");
        var url = (await World.Ada.GetAsync(Codespaces + "/prebuild-hook"))["url"].GetString()!;
        Assert.Equal(
            HttpStatusCode.RequestEntityTooLarge,
            (await TellAsync(url, new string('x', (8 << 20) + 1), ("X-GitHub-Event", "push"))).Status);
        Assert.Equal(
            HttpStatusCode.UnprocessableEntity,
            (await World.Ada.SendAsync("PUT", Codespaces + "/prebuild-hook", """{"secret":"short"}""")).Status);
    }

    private static string Signature(string secret, string body) =>
        Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), Encoding.UTF8.GetBytes(body)));

    private async Task<(HttpStatusCode Status, string Body)> TellAsync(
        string url, string body, params (string Name, string Value)[] headers)
    {
        using var client = World.Server.Client();
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(url).PathAndQuery) { Content = new StringContent(body) };
        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        using var response = await client.SendAsync(request, Cancel);
        return (response.StatusCode, await response.Content.ReadAsStringAsync(Cancel));
    }
}
