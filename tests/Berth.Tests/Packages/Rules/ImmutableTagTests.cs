using System.Net;
using System.Text.Json;
using Berth.Tests.TestServer;

namespace Berth.Tests.Packages.Rules;

/// <summary>A tag that a rule keeps, with every way to change it.</summary>
public sealed class ImmutableTagTests(SharedServer shared)
{
    private const string Package = "/user/packages/container/web";

    [Fact]
    public async Task A_push_makes_it_once_and_the_same_image_again_is_fine()
    {
        var (ada, first) = await PushedAsync();
        var (moved, other) = await ada.TryPushAsync($"{ada.Login}/web", "v1", "other");
        Assert.Equal(HttpStatusCode.Forbidden, moved.Status);
        var error = moved["errors"][0];
        Assert.Equal("DENIED", error.GetProperty("code").GetString());
        var words = error.GetProperty("message").GetString()!;
        Assert.Contains($"the tag v1 is immutable by push rule", words, StringComparison.Ordinal);
        Assert.Contains($"stays on {first}", words, StringComparison.Ordinal);
        Assert.Contains($"berth package tag {ada.Login}/web v1 VERSION --override REASON", words, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, await ada.PullAsync($"{ada.Login}/web", other));
        Assert.Equal(HttpStatusCode.Created, (await ada.TryPushAsync($"{ada.Login}/web", "v1", "first")).Reply.Status);
        Assert.Equal(HttpStatusCode.Created, (await ada.TryPushAsync($"{ada.Login}/web", "latest", "other")).Reply.Status);
        await StaysAsync(ada, first);
    }

    [Fact]
    public async Task A_push_by_digest_with_tags_takes_all_of_them_or_none()
    {
        var (ada, first) = await PushedAsync();
        var (reply, _) = await ada.TryPushAsync($"{ada.Login}/web", "fresh?tag=v1", "other");
        Assert.Equal(HttpStatusCode.Forbidden, reply.Status);
        Assert.Equal(HttpStatusCode.NotFound, await ada.PullAsync($"{ada.Login}/web", "fresh"));
        await StaysAsync(ada, first);
    }

    /// <summary>Every call that would move or remove the tag, or what it names, is refused with the rule and changes nothing.</summary>
    [Fact]
    public async Task No_call_of_the_registry_or_the_API_moves_or_takes_it()
    {
        var (ada, first) = await PushedAsync();
        var (_, other) = await ada.TryPushAsync($"{ada.Login}/web", "latest", "other");
        var id = await IdAsync(ada, first);
        foreach (var (method, path, body) in new[]
        {
            ("DELETE", $"/v2/{ada.Login}/web/manifests/v1", (string?)null),
            ("DELETE", $"/v2/{ada.Login}/web/manifests/{first}", null),
            ("PUT", $"/api/v3{Package}/tags/v1", $$"""{"version":"{{other}}"}"""),
            ("DELETE", $"/api/v3{Package}/tags/v1", null),
            ("DELETE", $"/api/v3{Package}/versions/{id}", null),
            ("DELETE", $"/api/v3{Package}/versions/{id}?force=true&cascade=true", null),
            ("DELETE", $"/api/v3{Package}/versions/{id}?purge=true", null),
            ("DELETE", $"/api/v3{Package}", null),
            ("DELETE", $"/api/v3{Package}?purge=true", null),
        })
        {
            var reply = await ada.CallAsync(method, path, body);
            Assert.True(reply.Status == HttpStatusCode.Forbidden, $"{method} {path}: {reply.Body}");
            Assert.Contains("immutable", reply.Body, StringComparison.Ordinal);
            Assert.Contains("--override REASON", reply.Body, StringComparison.Ordinal);
        }

        await StaysAsync(ada, first);
    }

    [Fact]
    public async Task What_an_immutable_index_lists_stays_although_somebody_forces_it()
    {
        var ada = await shared.Server.UserAsync();
        var platform = await ada.PushAsync($"{ada.Login}/web", "amd64");
        await ada.PushIndexAsync($"{ada.Login}/web", "v1", platform);
        await RuleAsync(ada);
        var id = await IdAsync(ada, platform);
        var reply = await ada.SendAsync("DELETE", $"{Package}/versions/{id}?force=true");
        Assert.Equal(HttpStatusCode.Forbidden, reply.Status);
        Assert.Contains("the tag v1", reply.Message, StringComparison.Ordinal);
        await ada.DoAsync("DELETE", $"{Package}/tags/amd64");
        Assert.Equal(HttpStatusCode.OK, await ada.PullAsync($"{ada.Login}/web", platform));
    }

    [Fact]
    public async Task What_an_administrator_took_away_comes_back_only_where_it_was()
    {
        var (ada, first) = await PushedAsync();
        var id = await IdAsync(ada, first);
        await ada.TryPushAsync($"{ada.Login}/web", "latest", "other");
        await ada.DoAsync("DELETE", $"{Package}/tags/v1?override=true&reason=withdrawn");
        Assert.Equal(HttpStatusCode.NotFound, await ada.PullAsync($"{ada.Login}/web", "v1"));
        var (reply, _) = await ada.TryPushAsync($"{ada.Login}/web", "v1", "other");
        Assert.Equal(HttpStatusCode.Forbidden, reply.Status);
        Assert.Contains($"the tag v1 was on {first}", reply.Body, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Created, (await ada.TryPushAsync($"{ada.Login}/web", "v1", "first")).Reply.Status);

        // The same holds when the version was deleted with it, and when it is restored.
        await ada.DoAsync("DELETE", $"{Package}/versions/{id}?override=true&reason=withdrawn");
        Assert.Equal(HttpStatusCode.Forbidden, (await ada.TryPushAsync($"{ada.Login}/web", "v1", "other")).Reply.Status);
        await ada.DoAsync("POST", $"{Package}/versions/{id}/restore");
        await StaysAsync(ada, first);

        // Without the rule it is an ordinary tag, even when there is a rule again later.
        await ada.DoAsync("DELETE", $"{Package}/tags/v1?override=true&reason=withdrawn");
        foreach (var rule in (await ada.GetAsync($"{Package}/push-rules")).Json.EnumerateArray())
        {
            await ada.DoAsync("DELETE", $"{Package}/push-rules/{rule.GetProperty("id").GetInt64()}");
        }

        Assert.Equal(HttpStatusCode.Created, (await ada.TryPushAsync($"{ada.Login}/web", "v1", "third")).Reply.Status);
        await RuleAsync(ada);
        Assert.Equal(HttpStatusCode.Forbidden, (await ada.TryPushAsync($"{ada.Login}/web", "v1", "first")).Reply.Status);
    }

    [Fact]
    public async Task A_restored_version_does_not_take_a_tag_that_a_rule_gives_to_others()
    {
        var ada = await shared.Server.UserAsync();
        var (_, first) = await ada.TryPushAsync($"{ada.Login}/web", "prod", "first");
        await ada.TryPushAsync($"{ada.Login}/web", "latest", "other");
        var id = await IdAsync(ada, first);
        await ada.DoAsync("DELETE", $"{Package}/versions/{id}");
        await ada.DoAsync("POST", $"{Package}/push-rules", """{"pattern":"prod","allow":[]}""");
        var refused = await ada.SendAsync("POST", $"{Package}/versions/{id}/restore");
        Assert.Equal(HttpStatusCode.Forbidden, refused.Status);
        Assert.Contains("lets nobody", refused.Message, StringComparison.Ordinal);
        await ada.DoAsync("POST", $"{Package}/versions/{id}/restore?override=true&reason=back");
        Assert.Equal(HttpStatusCode.OK, await ada.PullAsync($"{ada.Login}/web", "prod"));
    }

    [Fact]
    public async Task Signatures_are_pushed_and_moved_under_a_rule_for_all_tags()
    {
        var ada = await shared.Server.UserAsync();
        await ada.PushAsync($"{ada.Login}/web", "latest");
        await RuleAsync(ada, "*");
        var (_, image) = await ada.TryPushAsync($"{ada.Login}/web", "v1", "image");
        var fallback = image.Replace(':', '-');
        foreach (var what in new[] { "one signature", "two signatures" })
        {
            Assert.Equal(HttpStatusCode.Created, (await ada.TryPushAsync($"{ada.Login}/web", fallback, what)).Reply.Status);
            Assert.Equal(HttpStatusCode.Created, (await ada.TryPushAsync($"{ada.Login}/web", fallback + ".sig", what)).Reply.Status);
        }

        await RuleAsync(ada, "sha256-*");
        Assert.Equal(HttpStatusCode.Forbidden, (await ada.TryPushAsync($"{ada.Login}/web", fallback, "three")).Reply.Status);
    }

    [Fact]
    public async Task Of_many_pushes_to_the_same_new_tag_exactly_one_wins()
    {
        var ada = await shared.Server.UserAsync();
        await ada.PushAsync($"{ada.Login}/web", "latest");
        await RuleAsync(ada);
        var pushes = await Task.WhenAll(
            Enumerable.Range(0, 12).Select(number => ada.TryPushAsync($"{ada.Login}/web", "v1", $"number {number}")));
        var winner = Assert.Single(pushes, push => push.Reply.Status == HttpStatusCode.Created);
        Assert.All(
            pushes.Where(push => push != winner), push => Assert.Equal(HttpStatusCode.Forbidden, push.Reply.Status));
        await StaysAsync(ada, winner.Digest);
    }

    [Fact]
    public async Task Retention_leaves_it_and_says_so()
    {
        var (ada, first) = await PushedAsync();
        await ada.TryPushAsync($"{ada.Login}/web", "v2", "second");
        await ada.TryPushAsync($"{ada.Login}/web", "nightly", "third");
        await ada.TryPushAsync($"{ada.Login}/web", "latest", "fourth");
        const string Policy = """{"rules":[{"tags":["v*","nightly"],"keep_newest":0}]}""";
        var preview = await ada.DoAsync("POST", $"{Package}/retention/preview", Policy);
        Assert.Equal(
            ["nightly"], preview["removes"].EnumerateArray().Select(removal => removal.GetProperty("tags")[0].GetString()));
        Assert.Equal(
            [("v1", true), ("v2", true)],
            preview["protected"].EnumerateArray().Select(
                kept => (
                    kept.GetProperty("tags")[0].GetString(),
                    kept.GetProperty("reason").GetString()!.Contains("(v*) keeps v", StringComparison.Ordinal))));
        await ada.DoAsync("PUT", $"{Package}/retention", Policy);

        // A rule that only names who may push does not bind a policy, whoever runs it.
        await ada.DoAsync("POST", $"{Package}/push-rules", """{"pattern":"nightly","allow":[]}""");
        Assert.Equal(1, (await ada.DoAsync("POST", $"{Package}/retention/runs"))["removed"].GetInt32());
        Assert.Equal(HttpStatusCode.NotFound, await ada.PullAsync($"{ada.Login}/web", "nightly"));
        await StaysAsync(ada, first);
    }

    [Fact]
    public async Task An_override_moves_it_and_stands_in_the_audit_log_with_its_reason()
    {
        var (ada, first) = await PushedAsync();
        var (_, other) = await ada.TryPushAsync($"{ada.Login}/web", "latest", "other");
        await ada.DoAsync("PUT", $"{Package}/tags/v1", $$"""{"version":"{{other}}","override":true,"reason":"wrong licence"}""");
        await StaysAsync(ada, other);
        await ada.DoAsync("PUT", $"{Package}/tags/v1", $$"""{"version":"{{other}}","override":true,"reason":"nothing to override"}""");
        var entry = Assert.Single(
            (await ada.DoAsync("GET", "/user/audit-log?phrase=action:push_rule.override")).Json.EnumerateArray());
        Assert.Equal(
            (ada.Login, "web", "v1", other, first),
            (
                entry.GetProperty("actor").GetString(), entry.GetProperty("package").GetString(), entry.GetProperty("tag").GetString(),
                entry.GetProperty("version").GetString(), entry.GetProperty("old").GetString()));
        var why = JsonSerializer.Deserialize<JsonElement>(entry.GetProperty("new").GetString()!);
        Assert.Equal("wrong licence", why.GetProperty("reason").GetString());
        Assert.Contains("immutable by push rule", why.GetProperty("refusal").GetString(), StringComparison.Ordinal);

        // The move itself is in the tag's history, like every move.
        var move = (await ada.GetAsync($"{Package}/tags/v1/history")).Json[0];
        Assert.Equal((first, other), (move.GetProperty("from").GetString(), move.GetProperty("to").GetString()));
    }

    [Fact]
    public async Task Only_an_admin_of_the_package_overrides_and_never_a_workflow()
    {
        var (ada, first) = await PushedAsync();
        var (_, other) = await ada.TryPushAsync($"{ada.Login}/web", "latest", "other");
        var path = $"/users/{ada.Login}/packages/container/web";
        var body = $$"""{"version":"{{other}}","override":true,"reason":"because"}""";
        var bob = await shared.Server.UserAsync("bob");
        await ada.DoAsync("PUT", $"{path}/access/users/{bob.Login}", """{"role":"write"}""");
        var refused = await bob.SendAsync("PUT", $"{path}/tags/v1", body);
        Assert.Equal(HttpStatusCode.Forbidden, refused.Status);
        Assert.Contains("only an admin of the package overrides its push rules", refused.Message, StringComparison.Ordinal);
        var app = await ada.RepositoryAsync(ada.Login);
        await ada.DoAsync("PUT", $"{path}/access/actions/{app}", """{"role":"admin"}""");
        var workflow = await ada.WorkflowAsync(app);
        Assert.Equal(HttpStatusCode.Forbidden, (await workflow.SendAsync("PUT", $"{path}/tags/v1", body)).Status);
        await StaysAsync(ada, first);
        await ada.DoAsync("PUT", $"{path}/access/users/{bob.Login}", """{"role":"admin"}""");
        await bob.DoAsync("PUT", $"{path}/tags/v1", body);
    }

    private async Task<(Person Ada, string Digest)> PushedAsync()
    {
        var ada = await shared.Server.UserAsync();
        await ada.PushAsync($"{ada.Login}/web", "base");
        await RuleAsync(ada);
        return (ada, (await ada.TryPushAsync($"{ada.Login}/web", "v1", "first")).Digest);
    }

    private static Task<Reply> RuleAsync(Person ada, string pattern = "v*") =>
        ada.DoAsync("POST", $"{Package}/push-rules", $$"""{"pattern":"{{pattern}}","immutable":true}""");

    private static async Task StaysAsync(Person ada, string digest)
    {
        using var client = ada.Server.Client(ada.Token);
        using var head = await client.SendAsync(
            new HttpRequestMessage(HttpMethod.Head, $"/v2/{ada.Login}/web/manifests/v1"), TestContext.Current.CancellationToken);
        Assert.Equal(digest, head.Headers.GetValues("Docker-Content-Digest").Single());
    }

    private static async Task<long> IdAsync(Person ada, string digest) =>
        (await ada.DoAsync("GET", $"{Package}/versions")).Json.EnumerateArray()
            .Single(version => version.GetProperty("name").GetString() == digest).GetProperty("id").GetInt64();
}
