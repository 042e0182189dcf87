using System.Net;
using System.Text.Json;
using Berth.Tests.TestServer;

namespace Berth.Tests.Packages.Rules;

/// <summary>Push rules over REST: what is allowed, whose they are, who sees and changes them, and what explains them.</summary>
public sealed class PushRuleTests(SharedServer shared)
{
    private const string Package = "/user/packages/container/web";

    [Fact]
    public async Task An_organizations_rules_count_for_all_its_packages_beside_their_own()
    {
        var (ada, acme, bob) = await OrganizationAsync();
        var package = $"/orgs/{acme}/packages/container/web";
        var ours = await ada.DoAsync("POST", $"/orgs/{acme}/settings/push-rules", """{"pattern":"v*","allow":[{"team":"release"}]}""");
        var own = await ada.DoAsync("POST", $"{package}/push-rules", """{"pattern":"*-rc","allow":[{"role":"admin"}]}""");
        Assert.Equal(
            [("owner", "v*"), ("package", "*-rc")],
            (await ada.GetAsync($"{package}/push-rules")).Json.EnumerateArray()
                .Select(rule => (rule.GetProperty("source").GetString()!, rule.GetProperty("pattern").GetString()!)));
        Assert.Equal(1, (await ada.GetAsync($"/orgs/{acme}/settings/push-rules")).Json.GetArrayLength());
        Assert.Equal("""[{"team":"release"}]""", ours["allow"].GetRawText());

        // Bob may write, but is not in the team. Ada owns everything, and is not in the team either.
        Assert.Equal(HttpStatusCode.Created, await PushAsync(bob, acme, "1.0"));
        Assert.Equal(HttpStatusCode.Forbidden, await PushAsync(bob, acme, "v1"));
        Assert.Equal(HttpStatusCode.Forbidden, await PushAsync(ada, acme, "v1"));
        await ada.DoAsync("PUT", $"/orgs/{acme}/teams/release/memberships/{bob.Login}");
        Assert.Equal(HttpStatusCode.Created, await PushAsync(bob, acme, "v1"));
        Assert.Equal(HttpStatusCode.Forbidden, await PushAsync(bob, acme, "v1-rc"));
        Assert.Equal(HttpStatusCode.Created, await PushAsync(ada, acme, "1-rc"));

        var refused = await ada.SendAsync("DELETE", $"{package}/push-rules/{ours["id"].GetInt64()}");
        Assert.Equal(HttpStatusCode.UnprocessableEntity, refused.Status);
        Assert.Contains($"berth package rules rm {acme}", refused.Message, StringComparison.Ordinal);
        await ada.DoAsync("DELETE", $"{package}/push-rules/{own["id"].GetInt64()}");
        await ada.DoAsync("DELETE", $"/orgs/{acme}/settings/push-rules/{ours["id"].GetInt64()}");
        Assert.Equal(HttpStatusCode.NotFound, (await ada.SendAsync("DELETE", $"{package}/push-rules/{own["id"].GetInt64()}")).Status);
        Assert.Equal(HttpStatusCode.Created, await PushAsync(ada, acme, "v1-rc"));
        Assert.Equal(
            [
                "push_rule.destroy ", "push_rule.destroy web", "push_rule.create web", "push_rule.create ",
            ],
            (await ada.GetAsync($"/orgs/{acme}/audit-log?phrase=action:push_rule")).Json.EnumerateArray()
                .Select(entry => $"{entry.GetProperty("action").GetString()} {Text(entry, "package")}"));
    }

    [Fact]
    public async Task A_team_that_is_gone_leaves_the_rule_as_strict_as_it_was()
    {
        var (ada, acme, bob) = await OrganizationAsync();
        await ada.DoAsync("PUT", $"/orgs/{acme}/teams/release/memberships/{bob.Login}");
        await ada.DoAsync("POST", $"/orgs/{acme}/settings/push-rules", """{"pattern":"v*","allow":[{"team":"release"}]}""");
        Assert.Equal(HttpStatusCode.Created, await PushAsync(bob, acme, "v1"));
        await ada.DoAsync("DELETE", $"/orgs/{acme}/teams/release");
        Assert.Equal("[]", (await ada.GetAsync($"/orgs/{acme}/settings/push-rules")).Json[0].GetProperty("allow").GetRawText());
        Assert.Equal(HttpStatusCode.Forbidden, await PushAsync(bob, acme, "v2"));
        Assert.Equal(HttpStatusCode.Forbidden, await PushAsync(ada, acme, "v2"));
    }

    [Fact]
    public async Task A_repository_that_is_transferred_leaves_the_rules_that_name_it()
    {
        var ada = await shared.Server.UserAsync();
        await ada.PushAsync($"{ada.Login}/web");
        var other = await ada.OrganizationAsync();
        var app = await ada.RepositoryAsync(ada.Login);
        await ada.DoAsync("POST", $"{Package}/push-rules", $$"""{"pattern":"v*","allow":[{"workflow":"{{app}}"},{"role":"admin"}]}""");
        await ada.DoAsync("POST", $"/repos/{app}/transfer", $$"""{"new_owner":"{{other}}"}""");
        Assert.Equal(
            """[{"role":"admin"}]""", (await ada.GetAsync($"{Package}/push-rules")).Json[0].GetProperty("allow").GetRawText());
        var entry = (await ada.GetAsync("/user/audit-log?phrase=action:push_rule.update")).Json[0];
        Assert.Equal("workflow:" + app, entry.GetProperty("old").GetString());
    }

    [Theory]
    [InlineData("{}", "pattern is missing")]
    [InlineData("""{"pattern":""}""", "pattern")]
    [InlineData("""{"pattern":"v*"}""", "says nothing")]
    [InlineData("""{"pattern":"v*","immutable":false}""", "says nothing")]
    [InlineData("""{"pattern":"v/*","immutable":true}""", "pattern must be")]
    [InlineData("""{"pattern":"{129}","immutable":true}""", "pattern")]
    [InlineData("""{"pattern":7,"immutable":true}""", "pattern")]
    [InlineData("""{"pattern":"v*","immutable":"yes"}""", "immutable")]
    [InlineData("""{"pattern":"v*","allow":"everybody"}""", "allow")]
    [InlineData("""{"pattern":"v*","allow":[{}]}""", "one of role, team and workflow")]
    [InlineData("""{"pattern":"v*","allow":["role"]}""", "allow")]
    [InlineData("""{"pattern":"v*","allow":[null]}""", "allow")]
    [InlineData("""{"pattern":"v*","allow":[{"role":"read"}]}""", "role")]
    [InlineData("""{"pattern":"v*","allow":[{"role":"admin","workflow":"a/b"}]}""", "one of role, team and workflow")]
    [InlineData("""{"pattern":"v*","allow":[{"role":"admin","ref":"refs/heads/main"}]}""", "go with workflow")]
    [InlineData("""{"pattern":"v*","allow":[{"team":"release"}]}""", "a user has no teams")]
    [InlineData("""{"pattern":"v*","allow":[{"workflow":"app"}]}""", "owner/name")]
    [InlineData("""{"pattern":"v*","allow":[{"workflow":"nobody/nothing"}]}""", "that you can read")]
    [InlineData("""{"pattern":"v*","allow":[{"workflow":"a/b","ref":"main"}]}""", "refs/heads/main")]
    [InlineData("""{"pattern":"v*","allow":[{"workflow":"a/b","ref":"refs/*/main"}]}""", "a * may stand at its end")]
    [InlineData("""{"pattern":"v*","allow":[{"workflow":"a/b","environment":{}}]}""", "environment")]
    public async Task What_is_no_rule_is_422_and_says_why(string body, string why)
    {
        var ada = await shared.Server.UserAsync();
        await ada.PushAsync($"{ada.Login}/web");
        var reply = await ada.SendAsync(
            "POST", $"{Package}/push-rules", body.Replace("{129}", new string('v', 129), StringComparison.Ordinal));
        Assert.True(reply.Status == HttpStatusCode.UnprocessableEntity, reply.Body);
        Assert.Contains(why, reply.Message, StringComparison.Ordinal);
        Assert.Empty((await ada.GetAsync($"{Package}/push-rules")).Json.EnumerateArray());
    }

    [Theory]
    [InlineData("DELETE", "/tags/v1?override=true", "say why")]
    [InlineData("DELETE", "/tags/v1?override=maybe&reason=x", "true or false")]
    [InlineData("DELETE", "/tags/v1?reason=x", "goes with override")]
    [InlineData("DELETE", "?override=true&reason=%20", "say why")]
    [InlineData("DELETE", "/versions/1?override=1", "true or false")]
    [InlineData("DELETE", "/push-rules/x", "")]
    [InlineData("GET", "/access/explain?tag=-no", "a tag begins")]
    [InlineData("GET", "/access/explain?tag=v1&action=pull", "action=push")]
    [InlineData("GET", "/access/explain?ref=refs/heads/main&action=push", "go with workflow")]
    public async Task What_is_no_override_or_question_is_422(string method, string path, string why)
    {
        var ada = await shared.Server.UserAsync();
        await ada.PushAsync($"{ada.Login}/web", "v1");
        var reply = await ada.SendAsync(method, Package + path);
        Assert.Equal(why.Length == 0 ? HttpStatusCode.NotFound : HttpStatusCode.UnprocessableEntity, reply.Status);
        Assert.Contains(why, reply.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task There_are_a_hundred_rules_at_most()
    {
        var ada = await shared.Server.UserAsync();
        await ada.PushAsync($"{ada.Login}/web");
        for (var number = 0; number < 100; number++)
        {
            await ada.DoAsync("POST", $"{Package}/push-rules", $$"""{"pattern":"v{{number}}","immutable":true}""");
        }

        var reply = await ada.SendAsync("POST", $"{Package}/push-rules", """{"pattern":"v100","immutable":true}""");
        Assert.Equal(HttpStatusCode.UnprocessableEntity, reply.Status);
    }

    [Fact]
    public async Task Explain_says_of_a_tag_what_a_push_of_it_would_hear()
    {
        var ada = await shared.Server.UserAsync();
        var app = await ada.RepositoryAsync(ada.Login);
        await ada.PushAsync($"{ada.Login}/web", "v1");
        await ada.DoAsync("PUT", $"{Package}/access/actions/{app}", """{"role":"write"}""");
        await ada.DoAsync(
            "POST", $"{Package}/push-rules",
            $$"""{"pattern":"prod","allow":[{"workflow":"{{app}}","ref":"refs/heads/main","environment":"production"}]}""");
        await ada.DoAsync("POST", $"{Package}/push-rules", """{"pattern":"v*","immutable":true}""");
        foreach (var (query, allowed, why) in new[]
        {
            ("action=push", true, "write:packages"),
            ("action=push&tag=latest", true, "no push rule covers the tag latest"),
            ("action=push&tag=v1", false, "the tag v1 is immutable"),
            ("action=push&tag=v2", true, "lets a tag be made, and keeps it"),
            ("action=delete&tag=v1", false, "neither moved nor deleted"),
            ("action=push&tag=prod", false, $"only workflows of {app} on refs/heads/main in the environment production"),
            ($"action=push&tag=prod&workflow={app}", false, "this run is on no ref"),
            ($"action=push&tag=prod&workflow={app}&ref=refs/heads/dev", false, "this run is on refs/heads/dev"),
            ($"action=push&tag=prod&workflow={app}&ref=refs/heads/main", false, "this run is in no environment"),
            ($"action=push&tag=prod&workflow={app}&ref=refs/heads/main&environment=production", true, "change such tags"),
        })
        {
            var reply = await ada.DoAsync("GET", $"{Package}/access/explain?{query}");
            Assert.True(reply["allowed"].GetBoolean() == allowed, reply.Body);
            Assert.Contains(why, reply["reason"].GetString(), StringComparison.Ordinal);
            Assert.Equal(query.Contains("tag=", StringComparison.Ordinal), reply.Json.TryGetProperty("tag", out _));
        }

        // A workflow token that a person made is not a run, whatever its name is.
        var (refused, _) = await (await ada.WorkflowAsync(app)).TryPushAsync($"{ada.Login}/web", "prod", "x");
        Assert.Equal(HttpStatusCode.Forbidden, refused.Status);
        Assert.Contains("a person made this workflow's token", refused.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_first_push_obeys_its_owners_rules_and_leaves_nothing_when_refused()
    {
        var ada = await shared.Server.UserAsync();
        await ada.DoAsync("POST", "/user/settings/push-rules", """{"pattern":"v*","allow":[]}""");
        Assert.Equal(HttpStatusCode.Forbidden, (await ada.TryPushAsync($"{ada.Login}/fresh", "v1", "x")).Reply.Status);
        Assert.Equal(HttpStatusCode.NotFound, (await ada.GetAsync("/user/packages/container/fresh")).Status);
        Assert.Equal(HttpStatusCode.Created, (await ada.TryPushAsync($"{ada.Login}/fresh", "1", "x")).Reply.Status);
    }

    private static string? Text(JsonElement entry, string name) =>
        entry.TryGetProperty(name, out var value) ? value.GetString() : null;

    private static async Task<HttpStatusCode> PushAsync(Person person, string owner, string tag) =>
        (await person.TryPushAsync($"{owner}/web", tag, Persons.Unique("what"))).Reply.Status;

    /// <summary>An owner, an organization with a package and a team, and a person who may write to the package.</summary>
    private async Task<(Person Ada, string Acme, Person Bob)> OrganizationAsync()
    {
        var ada = await shared.Server.UserAsync();
        var bob = await shared.Server.UserAsync("bob");
        var acme = await ada.OrganizationAsync();
        await ada.PushAsync($"{acme}/web");
        await ada.DoAsync("PUT", $"/orgs/{acme}/memberships/{bob.Login}", """{"role":"member"}""");
        await ada.DoAsync("PUT", $"/orgs/{acme}/packages/container/web/access/users/{bob.Login}", """{"role":"write"}""");
        await ada.DoAsync("POST", $"/orgs/{acme}/teams", """{"name":"release"}""");
        return (ada, acme, bob);
    }
}
