using System.Net;
using System.Text.Json;
using Berth.Server.Access;
using Berth.Server.Audit;
using Berth.Server.GarbageCollection;
using Berth.Server.Packages.Pulls;
using Berth.Tests.TestServer;
using Microsoft.Extensions.DependencyInjection;

namespace Berth.Tests.Audit;

/// <summary>Pulls in the audit log: only if the operator wants them, as many as fit, and written after the pull.</summary>
public sealed class PullAuditTests
{
    private const string On = "BERTH_AUDIT_PULLS=true";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_pull_says_who_took_what_and_a_clean_stop_loses_none()
    {
        await using var server = await BerthServer.StartAsync(manualClock: true, On);
        var ada = await server.UserAsync();
        var bob = await server.UserAsync("bob");
        var app = await ada.RepositoryAsync(ada.Login);
        await ada.DoAsync("PUT", "/user/packages/container/web", $$"""{"repository":"{{app}}","visibility":"public"}""");
        var digest = await ada.PushAsync($"{ada.Login}/web", "1");
        Assert.Equal(HttpStatusCode.OK, await bob.PullAsync($"{ada.Login}/web", "1"));
        Assert.Equal(HttpStatusCode.OK, await bob.PullAsync($"{ada.Login}/web", digest));
        Assert.Equal(HttpStatusCode.OK, await server.Nobody().PullAnonymouslyAsync($"{ada.Login}/web", "1"));
        Assert.Equal(HttpStatusCode.NotFound, await ada.PullAsync($"{ada.Login}/web", "none"));
        await server.RestartAsync();

        var pulls = await LogAsync(ada, "/user/audit-log?include=git&order=asc");
        Assert.Equal(
            [(bob.Login, "1"), (bob.Login, null), ("anonymous", "1")],
            pulls.ConvertAll(entry => (Text(entry, "actor"), Text(entry, "tag"))));
        Assert.All(pulls, entry => Assert.Equal(
            ("packages.version_download", ada.Login, "web", "container", digest, app, "127.0.0.1"),
            (Text(entry, "action"), Text(entry, "org"), Text(entry, "package"), Text(entry, "package_type"), Text(entry, "version"),
                Text(entry, "repo"), Text(entry, "actor_ip"))));
        Assert.NotEqual(JsonValueKind.Null, pulls[0].GetProperty("token_id").ValueKind);
        Assert.DoesNotContain(await LogAsync(ada, "/user/audit-log"), entry => Text(entry, "action") == "packages.version_download");
        Assert.Equal(
            (await LogAsync(ada, "/user/audit-log")).Count + 3, (await LogAsync(ada, "/user/audit-log?include=all")).Count);
        Assert.Equal(2, (await LogAsync(bob, "/user/audit-log?include=git&phrase=action:packages")).Count);
    }

    [Fact]
    public async Task Nobody_is_written_down_unless_the_operator_says_so()
    {
        await using var server = await BerthServer.StartAsync();
        var ada = await server.UserAsync();
        await ada.PushAsync($"{ada.Login}/web");
        await ada.PullAsync($"{ada.Login}/web");
        Assert.Empty(server.Services.GetRequiredService<PullLog>().Take().Pulls);
    }

    [Fact]
    public async Task They_are_kept_for_as_long_as_their_own_setting_says()
    {
        await using var server = await BerthServer.StartAsync(manualClock: true, On, "BERTH_AUDIT_PULL_RETENTION_DAYS=2");
        var ada = await server.UserAsync();
        await ada.PushAsync($"{ada.Login}/web");
        await ada.PullAsync($"{ada.Login}/web");
        await server.RestartAsync();
        server.Clock!.Advance(TimeSpan.FromDays(1));
        await server.Services.GetRequiredService<ForgetEvents>().RunAsync(Token);
        Assert.Single(await LogAsync(ada, "/user/audit-log?include=git"));
        server.Clock.Advance(TimeSpan.FromDays(2));
        var others = (await LogAsync(ada, "/user/audit-log")).Count;
        await server.Services.GetRequiredService<ForgetEvents>().RunAsync(Token);
        Assert.Empty(await LogAsync(ada, "/user/audit-log?include=git"));
        Assert.Equal(others, (await LogAsync(ada, "/user/audit-log")).Count);
    }

    [Fact]
    public async Task A_log_with_a_gap_says_how_large_it_is()
    {
        await using var server = await BerthServer.StartAsync(manualClock: true, On);
        server.Services.GetRequiredService<PullLog>().PutBack([], dropped: 3);
        await server.RestartAsync();
        var gap = Assert.Single(await LogAsync(server.Administrator(), "/admin/audit-log?phrase=action:audit_log"));
        Assert.Equal(("audit_log.pulls_dropped", "3", "server"), (Text(gap, "action"), Text(gap, "new"), Text(gap, "actor")));
    }

    [Fact]
    public void What_does_not_fit_is_counted_and_what_was_first_stays()
    {
        var log = new PullLog(new AuditOptions { AuditPulls = true }, new ManualTimeProvider());
        var package = new PackageSubject { Address = new PackageAddress("ada", "container", "web") };
        for (var pull = 0; pull < PullLog.Most + 2; pull++)
        {
            log.Pulled(ChangeActor.Of(Principal.Anonymous), package, "sha256:1", pull == 0 ? "first" : "later");
        }

        var (pulls, dropped) = log.Take();
        Assert.Equal((PullLog.Most, 2, "first"), (pulls.Count, dropped, pulls[0].Entry.Tag));
        log.Pulled(ChangeActor.Of(Principal.Anonymous), package, "sha256:1", "meanwhile");
        log.PutBack(pulls, dropped);
        (pulls, dropped) = log.Take();
        Assert.Equal((PullLog.Most, 3), (pulls.Count, dropped));
        Assert.Equal((0, 0), (log.Take().Pulls.Count, log.Take().Dropped));
    }

    private static async Task<List<JsonElement>> LogAsync(Person person, string path) =>
        [.. (await person.DoAsync("GET", path + (path.Contains('?', StringComparison.Ordinal) ? "&" : "?") + "per_page=100")).Json
            .EnumerateArray()];

    private static string? Text(JsonElement entry, string name) =>
        entry.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value.GetString() : null;
}
