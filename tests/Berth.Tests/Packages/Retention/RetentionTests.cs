using System.Net;
using System.Text.Json;
using Berth.Server.Database;
using Berth.Server.Packages.Pulls;
using Berth.Server.Packages.Retention;
using Berth.Tests.TestServer;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Berth.Tests.Packages.Retention;

/// <summary>Policies over REST: what is allowed, what a preview shows, what a run removes, and that all of it can be restored.</summary>
public sealed class RetentionTests : IAsyncLifetime
{
    private const string Package = "/user/packages/container/web";
    private const string Untagged = """{"rules":[{"untagged":true}]}""";
    private BerthServer _server = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _server = await BerthServer.StartAsync(manualClock: true);

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task A_run_removes_what_the_preview_showed_and_logs_each_with_its_reason()
    {
        var ada = await _server.UserAsync();
        var old = await ada.PushAsync($"{ada.Login}/web", "pr-1", "\"n\":\"1\"");
        await ada.PushAsync($"{ada.Login}/web", "latest", "\"n\":\"2\"");
        _server.Clock!.Advance(TimeSpan.FromDays(15));
        await ada.PushAsync($"{ada.Login}/web", "pr-2", "\"n\":\"3\"");
        await ada.DoAsync("PUT", $"{Package}/retention", """{"rules":[{"tags":["pr-*"],"older_than_days":14}]}""");
        var preview = (await ada.DoAsync("GET", $"{Package}/retention/preview")).Json;
        Assert.Equal([old], Names(preview, "removes"));
        Assert.Equal(2, preview.GetProperty("keeps").GetInt32());
        Assert.Equal("package", preview.GetProperty("source").GetString());
        Assert.Equal(HttpStatusCode.OK, await ada.PullAsync($"{ada.Login}/web", "pr-1"));
        var run = (await ada.DoAsync("POST", $"{Package}/retention/runs")).Json;
        Assert.Equal(1, run.GetProperty("removed").GetInt32());
        Assert.Contains(
            "more than 14 days old", run.GetProperty("removals")[0].GetProperty("reason").GetString(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, await ada.PullAsync($"{ada.Login}/web", "pr-1"));
        Assert.Equal(HttpStatusCode.OK, await ada.PullAsync($"{ada.Login}/web", "pr-2"));
        var listed = (await ada.DoAsync("GET", $"{Package}/retention/runs")).Json[0];
        Assert.Equal("manual", listed.GetProperty("cause").GetString());
        var one = (await ada.DoAsync("GET", $"{Package}/retention/runs/{listed.GetProperty("id").GetInt64()}")).Json;
        Assert.Equal("[\"pr-1\"]", one.GetProperty("removals")[0].GetProperty("tags").GetRawText());
        await ada.DoAsync("POST", $"{Package}/versions/{one.GetProperty("removals")[0].GetProperty("id").GetInt64()}/restore");
        Assert.Equal(HttpStatusCode.OK, await ada.PullAsync($"{ada.Login}/web", "pr-1"));
    }

    [Fact]
    public async Task Cleaning_untagged_versions_leaves_platforms_and_signatures_of_live_images()
    {
        var ada = await _server.UserAsync();
        var platform = await ada.PushAsync($"{ada.Login}/web", "multi", "\"n\":\"amd64\"");
        var index = await ada.PushIndexAsync($"{ada.Login}/web", "multi", platform);
        var signature = await ada.PushAsync($"{ada.Login}/web", "multi-sig", "\"n\":\"sig\"", subject: index);
        var lost = await ada.PushAsync($"{ada.Login}/web", "moving", "\"n\":\"old\"");
        await ada.PushAsync($"{ada.Login}/web", "moving", "\"n\":\"new\"");
        await ada.PushAsync($"{ada.Login}/web", "multi-sig", "\"n\":\"another\"");
        await ada.DoAsync("PUT", $"{Package}/retention", Untagged);
        Assert.Equal(0, (await ada.DoAsync("POST", $"{Package}/retention/runs"))["removed"].GetInt32());
        _server.Clock!.Advance(TimeSpan.FromHours(25));
        var run = (await ada.DoAsync("POST", $"{Package}/retention/runs")).Json;
        Assert.Equal([lost], Names(run, "removals"));
        foreach (var reference in new[] { "multi", platform, signature, "moving" })
        {
            Assert.Equal(HttpStatusCode.OK, await ada.PullAsync($"{ada.Login}/web", reference));
        }

        // The index loses its tag. Then all of it is removed, and all of it can be restored.
        await ada.PushAsync($"{ada.Login}/web", "multi", "\"n\":\"next\"");
        _server.Clock.Advance(TimeSpan.FromHours(25));
        run = (await ada.DoAsync("POST", $"{Package}/retention/runs")).Json;
        Assert.Equal(new[] { index, platform, signature }.ToHashSet(), Names(run, "removals").ToHashSet());
        var id = run.GetProperty("removals").EnumerateArray().Single(removal => removal.GetProperty("name").GetString() == index)
            .GetProperty("id").GetInt64();
        await ada.DoAsync("POST", $"{Package}/versions/{id}/restore");
        foreach (var reference in new[] { index, platform, signature })
        {
            Assert.Equal(HttpStatusCode.OK, await ada.PullAsync($"{ada.Login}/web", reference));
        }
    }

    [Fact]
    public async Task The_schedule_runs_what_an_organization_says_and_a_packages_own_policy_replaces_it()
    {
        var ada = await _server.UserAsync();
        var acme = await ada.OrganizationAsync();
        foreach (var name in new[] { "web", "own", "off" })
        {
            await ada.PushAsync($"{acme}/{name}", "nightly-1", "\"n\":\"1\"");
            await ada.PushAsync($"{acme}/{name}", "latest", "\"n\":\"2\"");
        }

        await ada.DoAsync("PUT", $"/orgs/{acme}/settings/retention", """{"rules":[{"tags":["nightly-*"],"older_than_days":1}]}""");
        await ada.DoAsync("PUT", $"/orgs/{acme}/packages/container/own/retention", Untagged);
        await ada.DoAsync("PUT", $"/orgs/{acme}/packages/container/off/retention", """{"enabled":false,"rules":[]}""");
        Assert.Equal("owner", (await ada.DoAsync("GET", $"/orgs/{acme}/packages/container/web/retention"))["source"].GetString());
        _server.Clock!.Advance(TimeSpan.FromDays(2));
        await _server.Services.GetRequiredService<RetentionSchedule>().RunAsync(Token);
        await _server.Services.GetRequiredService<RetentionSchedule>().RunAsync(Token);
        Assert.Equal(HttpStatusCode.NotFound, await ada.PullAsync($"{acme}/web", "nightly-1"));
        Assert.Equal(HttpStatusCode.OK, await ada.PullAsync($"{acme}/own", "nightly-1"));
        Assert.Equal(HttpStatusCode.OK, await ada.PullAsync($"{acme}/off", "nightly-1"));
        var runs = (await ada.DoAsync("GET", $"/orgs/{acme}/settings/retention/runs")).Json;
        Assert.Equal(1, runs.GetArrayLength());
        Assert.Equal(
            ($"{acme}/web", "schedule"), (runs[0].GetProperty("package").GetString(), runs[0].GetProperty("cause").GetString()));
        await ada.DoAsync("DELETE", $"/orgs/{acme}/packages/container/own/retention");
        Assert.Equal(
            [
                "retention_policy.delete package:own", "retention_policy.set package:off", "retention_policy.set package:own",
                "retention_policy.set",
            ],
            await _server.Services.GetRequiredService<Db>().ReadAsync(
                session => session.QueryAsync<string>(
                    "select kind || coalesce(' ' || subject, '') from audit_events where owner = @acme and kind like 'retention%' "
                        + "order by id desc",
                    new { acme }),
                Token));
        Assert.Equal(2, (await ada.DoAsync("POST", $"/orgs/{acme}/settings/retention/runs")).Json.GetArrayLength());
        Assert.Equal(HttpStatusCode.NotFound, await ada.PullAsync($"{acme}/own", "nightly-1"));
    }

    [Fact]
    public async Task What_follows_a_ref_goes_when_the_ref_is_gone_and_nothing_else_does()
    {
        var ada = await _server.UserAsync();
        var app = await ada.RepositoryAsync(ada.Login);
        foreach (var tag in new[] { "pr-7", "pr-8", "branch-feature-x", "latest" })
        {
            await ada.PushAsync($"{ada.Login}/web", tag, $"\"n\":\"{tag}\"");
        }

        await ada.DoAsync("PATCH", Package, $$"""{"repository":"{{app}}"}""");
        await ada.DoAsync(
            "PUT", $"{Package}/retention",
            """{"rules":[{"expires_with":["pr-{pr}","branch-{branch}"]},{"tags":["pr-*"],"keep_newest":0}]}""");
        Assert.Empty((await ada.DoAsync("POST", $"/repos/{app}/refs-gone", """{"ref":"refs/heads/8"}""")).Json.EnumerateArray());
        await ada.DoAsync("POST", $"/repos/{app}/refs-gone", """{"ref":"refs/pull/7/merge"}""");
        await ada.DoAsync("POST", $"/repos/{app}/refs-gone", """{"ref":"refs/heads/feature/x"}""");
        Assert.Equal(
            [HttpStatusCode.NotFound, HttpStatusCode.OK, HttpStatusCode.NotFound, HttpStatusCode.OK],
            [
                await ada.PullAsync($"{ada.Login}/web", "pr-7"), await ada.PullAsync($"{ada.Login}/web", "pr-8"),
                await ada.PullAsync($"{ada.Login}/web", "branch-feature-x"), await ada.PullAsync($"{ada.Login}/web"),
            ]);
        Assert.Equal(
            HttpStatusCode.UnprocessableEntity, (await ada.SendAsync("POST", $"/repos/{app}/refs-gone", """{"ref":"main"}""")).Status);
    }

    [Fact]
    public async Task A_package_keeps_the_newest_whatever_the_rules_say()
    {
        var ada = await _server.UserAsync();
        await ada.PushAsync($"{ada.Login}/web", "1", "\"n\":\"1\"");
        _server.Clock!.Advance(TimeSpan.FromDays(1));
        await ada.PushAsync($"{ada.Login}/web", "2", "\"n\":\"2\"");
        await ada.DoAsync("PUT", $"{Package}/retention", """{"rules":[{"tags":["*"],"keep_newest":0}]}""");
        await ada.DoAsync("POST", $"{Package}/retention/runs");
        Assert.Equal(HttpStatusCode.NotFound, await ada.PullAsync($"{ada.Login}/web", "1"));
        Assert.Equal(HttpStatusCode.OK, await ada.PullAsync($"{ada.Login}/web", "2"));
    }

    [Theory]
    [InlineData("{}", "rules")]
    [InlineData("""{"rules":[{}]}""", "rules[0]")]
    [InlineData("""{"rules":[{"tags":["a"],"untagged":true}]}""", "rules[0]")]
    [InlineData("""{"rules":[{"tags":["a"]}]}""", "rules[0]")]
    [InlineData("""{"rules":[{"tags":["a b"],"keep_newest":1}]}""", "rules[0].tags")]
    [InlineData("""{"rules":[{"untagged":true},{"tags":["a"],"older_than_days":0}]}""", "rules[1].older_than_days")]
    [InlineData("""{"rules":[{"untagged":true,"not_pulled_for_days":0}]}""", "rules[0].not_pulled_for_days")]
    [InlineData("""{"rules":[{"expires_with":["pr-*"]}]}""", "rules[0].expires_with")]
    [InlineData("""{"rules":[],"keep_tags":["v 1"]}""", "keep_tags")]
    [InlineData("""{"rules":["pr-*"]}""", "rules")]
    public async Task A_policy_that_says_nothing_sensible_is_422_and_names_the_place(string policy, string field)
    {
        var ada = await _server.UserAsync();
        await ada.PushAsync($"{ada.Login}/web", "1");
        foreach (var (method, path) in new[] { ("PUT", "retention"), ("POST", "retention/preview") })
        {
            var refused = await ada.SendAsync(method, $"{Package}/{path}", policy);
            Assert.Equal(HttpStatusCode.UnprocessableEntity, refused.Status);
            Assert.Contains(field, refused["errors"].EnumerateArray().Select(error => error.GetProperty("field").GetString()));
        }

        Assert.Equal(JsonValueKind.Null, (await ada.DoAsync("GET", $"{Package}/retention"))["policy"].ValueKind);
    }

    [Fact]
    public async Task What_nobody_pulls_goes_and_a_platform_that_is_pulled_keeps_its_index()
    {
        // The database may have been created by another server, with another clock.
        await _server.Services.GetRequiredService<Db>().WriteAsync(
            session => session.ExecuteAsync("update migrations set applied_at = 0 where number = 15"), Token);
        var ada = await _server.UserAsync();
        var idle = await ada.PushAsync($"{ada.Login}/web", "idle", "\"n\":\"1\"");
        await ada.PushAsync($"{ada.Login}/web", "used", "\"n\":\"2\"");
        var platform = await ada.PushAsync($"{ada.Login}/web", "multi", "\"n\":\"3\"");
        await ada.PushIndexAsync($"{ada.Login}/web", "multi", platform);
        await ada.DoAsync("PUT", $"{Package}/retention", """{"rules":[{"tags":["*"],"not_pulled_for_days":30}]}""");
        _server.Clock!.Advance(TimeSpan.FromDays(20));
        Assert.Empty(Names((await ada.DoAsync("GET", $"{Package}/retention/preview")).Json, "removes"));
        await ada.PullAsync($"{ada.Login}/web", "used");
        await ada.PullAsync($"{ada.Login}/web", platform);
        await _server.Services.GetServices<IHostedService>().OfType<WritePulls>().Single().StopAsync(Token);
        _server.Clock.Advance(TimeSpan.FromDays(20));
        Assert.Equal([idle], Names((await ada.DoAsync("GET", $"{Package}/retention/preview")).Json, "removes"));
    }

    [Fact]
    public async Task A_policy_can_be_tried_before_it_is_set()
    {
        var ada = await _server.UserAsync();
        await ada.PushAsync($"{ada.Login}/web", "pr-1", "\"n\":\"1\"");
        await ada.PushAsync($"{ada.Login}/web", "latest", "\"n\":\"2\"");
        var tried = (await ada.DoAsync("POST", $"{Package}/retention/preview", """{"rules":[{"tags":["pr-*"],"keep_newest":0}]}""")).Json;
        Assert.Equal("request", tried.GetProperty("source").GetString());
        Assert.Single(tried.GetProperty("removes").EnumerateArray());
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await ada.SendAsync("POST", $"{Package}/retention/runs")).Status);
    }

    [Fact]
    public async Task An_accounts_policy_is_previewed_over_all_of_its_packages_a_page_at_a_time()
    {
        var ada = await _server.UserAsync();
        var acme = await ada.OrganizationAsync();
        foreach (var package in new[] { "api", "own", "web" })
        {
            await ada.PushAsync($"{acme}/{package}", "pr-1", $"\"n\":\"{package}\"");
            await ada.PushAsync($"{acme}/{package}", "latest", "\"n\":\"2\"");
        }

        const string All = """{"rules":[{"tags":["pr-*"],"keep_newest":0}]}""";
        var settings = $"/orgs/{acme}/settings/retention";
        Assert.Empty((await ada.DoAsync("GET", settings + "/preview")).Json.EnumerateArray());
        await ada.DoAsync("PUT", $"/orgs/{acme}/packages/container/own/retention", """{"rules":[{"tags":["none"],"keep_newest":0}]}""");
        var tried = await ada.DoAsync("POST", settings + "/preview", All);
        Assert.Equal([($"{acme}/api", "request", 1), ($"{acme}/own", "package", 0), ($"{acme}/web", "request", 1)], Of(tried));
        Assert.Contains("pr-1", tried.Json[0].GetProperty("removes")[0].GetProperty("reason").GetString(), StringComparison.Ordinal);
        await ada.DoAsync("PUT", settings, All);
        var first = await ada.DoAsync("GET", settings + "/preview?per_page=2");
        Assert.Equal([($"{acme}/api", "owner", 1), ($"{acme}/own", "package", 0)], Of(first));
        Assert.Contains("rel=\"next\"", first.Header("Link"), StringComparison.Ordinal);
        Assert.Equal([($"{acme}/web", "owner", 1)], Of(await ada.DoAsync("GET", settings + "/preview?per_page=2&page=2")));

        // Exactly what the preview shows is removed, and showing it has removed nothing.
        using var cli = new Cli.CliRun(_server, ada.Token);
        Assert.EndsWith(
            "From 2 of 3 packages 2 versions would go, 4 stay.\n", await cli.DoAsync($"package retention preview {acme}"),
            StringComparison.Ordinal);
        Assert.EndsWith(
            "From 0 of 3 packages 0 versions would go, 6 stay.\n",
            await cli.DoAsync($"package retention preview {acme} --tags nothing --keep-newest 0"), StringComparison.Ordinal);
        var runs = (await ada.DoAsync("POST", settings + "/runs")).Json;
        Assert.Equal(2, runs.EnumerateArray().Sum(run => run.GetProperty("removed").GetInt32()));

        static IEnumerable<(string?, string?, int)> Of(Reply reply) => reply.Json.EnumerateArray().Select(one => (
            one.GetProperty("package").GetString(), one.GetProperty("source").GetString(), one.GetProperty("removes").GetArrayLength()));
    }

    private static List<string> Names(JsonElement answer, string property) =>
        [.. answer.GetProperty(property).EnumerateArray().Select(item => item.GetProperty("name").GetString()!)];
}
