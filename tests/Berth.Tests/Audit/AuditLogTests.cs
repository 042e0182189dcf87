using System.Net;
using System.Text.Json;
using Berth.Server.GarbageCollection;
using Berth.Tests.TestServer;
using Microsoft.Extensions.DependencyInjection;

namespace Berth.Tests.Audit;

/// <summary>The audit log over HTTP: its contents, for whom they are, and how it is searched and paged.</summary>
public sealed class AuditLogTests : IAsyncLifetime
{
    private BerthServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await BerthServer.StartAsync(manualClock: true);

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task An_organizations_log_has_what_happened_to_people_teams_repositories_secrets_and_packages()
    {
        var ada = await _server.UserAsync();
        var bob = await _server.UserAsync("bob");
        var acme = await ada.OrganizationAsync();
        Task DoAsync(string method, string path, string? body = null)
        {
            _server.Clock!.Advance(TimeSpan.FromSeconds(1));
            return ada.DoAsync(method, path, body);
        }

        await DoAsync("PUT", $"/orgs/{acme}/memberships/{bob.Login}", """{"role":"member"}""");
        await DoAsync("PUT", $"/orgs/{acme}/memberships/{bob.Login}", """{"role":"admin"}""");
        await DoAsync("POST", $"/orgs/{acme}/teams", """{"name":"Core"}""");
        await DoAsync("PUT", $"/orgs/{acme}/teams/core/memberships/{bob.Login}", "{}");
        _server.Clock!.Advance(TimeSpan.FromSeconds(1));
        var app = await ada.RepositoryAsync(acme);
        await DoAsync("PUT", $"/orgs/{acme}/teams/core/repos/{app}", """{"permission":"push"}""");
        await DoAsync("PATCH", $"/repos/{app}", """{"visibility":"internal"}""");
        await DoAsync("PATCH", $"/orgs/{acme}/settings/packages", """{"members_can_create_public_packages":true}""");
        await DoAsync("PUT", $"/orgs/{acme}/packages/container/web", "{}");
        await DoAsync("DELETE", $"/orgs/{acme}/packages/container/web");
        await DoAsync("DELETE", $"/orgs/{acme}/teams/core/memberships/{bob.Login}");
        await DoAsync("DELETE", $"/orgs/{acme}/teams/core");
        await DoAsync("DELETE", $"/orgs/{acme}/members/{bob.Login}");
        await DoAsync("DELETE", $"/repos/{app}");
        var log = await LogAsync(ada, $"/orgs/{acme}/audit-log?order=asc");
        Assert.Equal(
            [
                "org.create", "org.add_member", "org.update_member", "team.create", "team.add_member", "repo.create", "team.add_repository",
                "repo.access", "org.update_package_settings", "packages.package_published", "packages.grant_changed",
                "packages.package_deleted", "team.remove_member", "team.destroy", "org.remove_member", "repo.destroy",
            ],
            log.ConvertAll(entry => entry.GetProperty("action").GetString()));
        var changed = log[2];
        Assert.Equal(
            (ada.Login, bob.Login, "member", "admin", acme, "127.0.0.1"),
            (
                Text(changed, "actor"), Text(changed, "user"), Text(changed, "old"), Text(changed, "new"), Text(changed, "org"),
                Text(changed, "actor_ip")));
        Assert.Equal((app, "push", "core"), (Text(log[6], "repo"), "push", Text(log[6], "team")));
        Assert.Equal(log.Count, log.Select(entry => Text(entry, "_document_id")).Distinct().Count());
    }

    [Fact]
    public async Task What_is_refused_stands_in_no_log()
    {
        var ada = await _server.UserAsync();
        var acme = await ada.OrganizationAsync();
        var before = await LogAsync(ada, $"/orgs/{acme}/audit-log");
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await ada.SendAsync("DELETE", $"/orgs/{acme}/members/{ada.Login}")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await ada.SendAsync("DELETE", $"/orgs/{acme}/teams/none")).Status);
        Assert.Equal(before.Count, (await LogAsync(ada, $"/orgs/{acme}/audit-log")).Count);
    }

    [Fact]
    public async Task Qualifiers_narrow_it_and_unknown_ones_are_refused()
    {
        var ada = await _server.UserAsync();
        var acme = await ada.OrganizationAsync();
        var app = await ada.RepositoryAsync(acme);
        await ada.DoAsync("PUT", $"/orgs/{acme}/packages/container/web", $$"""{"repository":"{{app}}"}""");
        await ada.DoAsync("PUT", $"/orgs/{acme}/packages/container/other", "{}");
        _server.Clock!.Advance(TimeSpan.FromDays(2));
        await ada.DoAsync("DELETE", $"/orgs/{acme}/packages/container/web");
        async Task<List<string?>> FindAsync(string phrase) =>
            (await LogAsync(ada, $"/orgs/{acme}/audit-log?order=asc&phrase={Uri.EscapeDataString(phrase)}"))
                .ConvertAll(entry => Text(entry, "action"));

        Assert.Equal(["packages.package_published", "packages.package_published"], await FindAsync("action:packages.package_published"));
        Assert.Equal(["org.create"], await FindAsync("action:org"));
        Assert.Equal(["org.create"], await FindAsync("actor:ADMIN"));
        Assert.Equal(["packages.package_deleted"], await FindAsync("action:packages.package_deleted package:web"));
        Assert.Equal(["packages.package_published", "packages.grant_changed"], await FindAsync("package:other"));
        Assert.Equal(["packages.package_deleted"], await FindAsync($"created:>={_server.Clock.GetUtcNow():yyyy-MM-dd}"));
        Assert.DoesNotContain("packages.package_deleted", await FindAsync($"created:<{_server.Clock.GetUtcNow():yyyy-MM-dd}"));
        Assert.Contains("repo.create", await FindAsync("repo:app"));
        Assert.Contains("packages.package_deleted", await FindAsync($"repo:{app}"));
        Assert.DoesNotContain("org.create", await FindAsync($"repo:{app}"));
        foreach (var phrase in new[] { "free words", "colour:red", "created:yesterday", "action:", "action:a action:b", "token:x" })
        {
            Assert.Equal(
                HttpStatusCode.UnprocessableEntity,
                (await ada.SendAsync("GET", $"/orgs/{acme}/audit-log?phrase={Uri.EscapeDataString(phrase)}")).Status);
        }
    }

    /// <summary>The clock stands still, so all entries are of one moment, in two tables.</summary>
    [Theory]
    [InlineData("asc")]
    [InlineData("desc")]
    public async Task Pages_follow_each_other_without_gap_and_go_back(string order)
    {
        var ada = await _server.UserAsync();
        var acme = await ada.OrganizationAsync();
        foreach (var name in new[] { "one", "two", "three" })
        {
            await ada.DoAsync("PUT", $"/orgs/{acme}/packages/container/{name}", "{}");
            await ada.DoAsync("POST", $"/orgs/{acme}/teams", $$"""{"name":"{{name}}"}""");
        }

        var all = (await LogAsync(ada, $"/orgs/{acme}/audit-log?order={order}")).ConvertAll(entry => Text(entry, "_document_id"));
        Assert.Equal(10, all.Count);
        List<string?> walked = [];
        Reply page = await ada.DoAsync("GET", $"/orgs/{acme}/audit-log?order={order}&per_page=3");
        while (true)
        {
            walked.AddRange(page.Json.EnumerateArray().Select(entry => Text(entry, "_document_id")));
            if (Relation(page, "next") is not { } next)
            {
                break;
            }

            page = await ada.DoAsync("GET", next);
        }

        Assert.Equal(all, walked);
        var back = await ada.DoAsync("GET", Relation(page, "prev")!);
        Assert.Equal(all[6..9], back.Json.EnumerateArray().Select(entry => Text(entry, "_document_id")));
        Assert.Equal(
            HttpStatusCode.UnprocessableEntity, (await ada.SendAsync("GET", $"/orgs/{acme}/audit-log?after=nonsense")).Status);
    }

    [Fact]
    public async Task A_token_tells_what_it_touched_wherever_that_was()
    {
        var ada = await _server.UserAsync();
        var acme = await ada.OrganizationAsync();
        var made = await ada.DoAsync("POST", "/user/tokens", """{"note":"ci","scopes":["write:packages"]}""");
        var id = made["id"].GetInt64();
        var ci = new Person(_server, ada.Login, made["token"].GetString());
        await ci.PushAsync($"{acme}/web", "1");
        await ci.PushAsync($"{ada.Login}/tool", "1");
        await ada.PushAsync($"{ada.Login}/other", "1");
        var log = await LogAsync(ada, $"/user/audit-log?token={id}&order=asc");
        Assert.Equal(["web", "tool"], log.Select(entry => Text(entry, "package")).Distinct());
        Assert.All(log, entry => Assert.Equal(id, entry.GetProperty("token_id").GetInt64()));
        Assert.Contains(
            await LogAsync(ada, "/user/audit-log?phrase=action:personal_access_token.create"),
            entry => Text(entry, "subject") == $"token:{id}" && Text(entry, "new") == "write:packages");

        // Nobody else can see it.
        var eve = await _server.UserAsync("eve");
        Assert.Empty(await LogAsync(eve, $"/user/audit-log?token={id}"));
        Assert.NotEmpty(await LogAsync(_server.Administrator(), $"/admin/audit-log?token={id}"));
    }

    [Fact]
    public async Task It_takes_its_scope_and_an_owner()
    {
        var ada = await _server.UserAsync();
        var bob = await _server.UserAsync("bob");
        var acme = await ada.OrganizationAsync();
        await ada.DoAsync("PUT", $"/orgs/{acme}/memberships/{bob.Login}", "{}");
        var narrow = await ada.WithTokenAsync("admin:org");
        Assert.Equal(HttpStatusCode.Forbidden, (await narrow.GetAsync($"/orgs/{acme}/audit-log")).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await bob.GetAsync($"/orgs/{acme}/audit-log")).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await ada.GetAsync("/admin/audit-log")).Status);
        await ada.DoAsync("GET", $"/orgs/{acme}/audit-log");
    }

    [Fact]
    public async Task It_is_kept_for_as_long_as_the_setting_says()
    {
        var ada = await _server.UserAsync();
        var acme = await ada.OrganizationAsync();
        await ada.DoAsync("PUT", $"/orgs/{acme}/packages/container/web", "{}");
        _server.Clock!.Advance(TimeSpan.FromDays(399));
        await ada.DoAsync("POST", $"/orgs/{acme}/teams", """{"name":"late"}""");
        var forget = _server.Services.GetRequiredService<ForgetEvents>();
        Assert.Equal(0, await forget.RunAsync(TestContext.Current.CancellationToken));
        _server.Clock.Advance(TimeSpan.FromDays(2));
        Assert.True(await forget.RunAsync(TestContext.Current.CancellationToken) > 0);
        Assert.Equal(["team.create"], (await LogAsync(ada, $"/orgs/{acme}/audit-log")).ConvertAll(entry => Text(entry, "action")));
    }

    private static async Task<List<JsonElement>> LogAsync(Person person, string path) =>
        [.. (await person.DoAsync("GET", path + (path.Contains('?', StringComparison.Ordinal) ? "&" : "?") + "per_page=100")).Json
            .EnumerateArray()];

    private static string? Text(JsonElement entry, string name) => entry.TryGetProperty(name, out var value) ? value.GetString() : null;

    private static string? Relation(Reply reply, string relation) =>
        reply.Header("Link")?.Split(", ").FirstOrDefault(link => link.EndsWith($"rel=\"{relation}\"", StringComparison.Ordinal)) is { } link
            ? new Uri(link[1..link.IndexOf('>', StringComparison.Ordinal)]).PathAndQuery
            : null;
}
