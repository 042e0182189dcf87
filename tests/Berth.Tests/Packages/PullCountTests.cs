using Berth.Server.Packages.Pulls;
using Berth.Tests.TestServer;

namespace Berth.Tests.Packages;

/// <summary>How often something was pulled. Counts are written in the background, and the rest when the server stops.</summary>
public sealed class PullCountTests
{
    [Fact]
    public async Task A_clean_stop_loses_no_pull()
    {
        await using var server = await BerthServer.StartAsync(manualClock: true);
        var ada = await server.UserAsync("ada");
        var digest = await ada.PushAsync($"{ada.Login}/app", "1");
        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => ada.PullAsync($"{ada.Login}/app", "1")));
        await ada.PullAsync($"{ada.Login}/app", digest);
        await server.RestartAsync();

        var (package, version) = await CountsAsync(ada, "app", digest);
        Assert.Equal((21, 21), (package.Count, version.Count));
        Assert.Equal(server.Clock!.GetUtcNow().ToUnixTimeSeconds(), version.Last!.Value.ToUnixTimeSeconds());
    }

    [Fact]
    public async Task Asking_whether_it_is_current_is_no_pull_and_counts_as_use()
    {
        await using var server = await BerthServer.StartAsync(manualClock: true);
        var ada = await server.UserAsync("ada");
        var digest = await ada.PushAsync($"{ada.Login}/app", "1");
        await ada.PullAsync($"{ada.Login}/app", "1");
        server.Clock!.Advance(TimeSpan.FromDays(3));
        using var client = server.Client(ada.Token);
        using var head = new HttpRequestMessage(HttpMethod.Head, $"/v2/{ada.Login}/app/manifests/1");
        using var answer = await client.SendAsync(head, TestContext.Current.CancellationToken);
        Assert.True(answer.IsSuccessStatusCode);
        await server.RestartAsync();

        var (package, version) = await CountsAsync(ada, "app", digest);
        Assert.Equal((1, 1), (package.Count, version.Count));
        Assert.Equal(server.Clock.GetUtcNow().ToUnixTimeSeconds(), version.Last!.Value.ToUnixTimeSeconds());
    }

    [Fact]
    public async Task A_multi_platform_image_is_pulled_once_though_a_client_takes_two_manifests()
    {
        await using var server = await BerthServer.StartAsync();
        var ada = await server.UserAsync("ada");
        var platform = await ada.PushAsync($"{ada.Login}/app", "platform");
        var index = await ada.PushIndexAsync($"{ada.Login}/app", "1", platform);
        await server.RestartAsync();
        var (before, platformBefore) = await CountsAsync(ada, "app", platform);
        await ada.PullAsync($"{ada.Login}/app", "1");
        await ada.PullAsync($"{ada.Login}/app", platform);
        await server.RestartAsync();

        var (package, ofIndex) = await CountsAsync(ada, "app", index);
        var (_, ofPlatform) = await CountsAsync(ada, "app", platform);
        Assert.Equal((1, 1, 1), (ofIndex.Count, ofPlatform.Count - platformBefore.Count, package.Count - before.Count));
    }

    [Fact]
    public async Task What_was_never_pulled_says_so()
    {
        await using var server = await BerthServer.StartAsync();
        var ada = await server.UserAsync("ada");
        var (package, version) = await CountsAsync(ada, "app", await ada.PushAsync($"{ada.Login}/app", "1"));
        Assert.Equal((0, null, 0, null), (package.Count, package.Last, version.Count, version.Last));
    }

    [Fact]
    public void What_could_not_be_written_is_counted_with_what_came_meanwhile()
    {
        var clock = new ManualTimeProvider();
        var counts = new PullCounts(clock);
        counts.Pulled(1);
        var taken = counts.Take();
        clock.Advance(TimeSpan.FromMinutes(1));
        counts.Pulled(1);
        counts.PutBack(taken);
        Assert.Equal(new PullTally(2, clock.GetUtcNow()), Assert.Single(counts.Take()).Value);
        Assert.Empty(counts.Take());
    }

    private static async Task<((long Count, DateTimeOffset? Last) Package, (long Count, DateTimeOffset? Last) Version)> CountsAsync(
        Person person, string package, string digest)
    {
        var path = $"/users/{person.Login}/packages/container/{package}";
        var versions = await person.DoAsync("GET", path + "/versions");
        var version = versions.Json.EnumerateArray().Single(one => one.GetProperty("name").GetString() == digest);
        return (Of((await person.DoAsync("GET", path)).Json), Of(version));

        static (long, DateTimeOffset?) Of(System.Text.Json.JsonElement json) => (
            json.GetProperty("pull_count").GetInt64(),
            json.TryGetProperty("last_pulled_at", out var last) && last.ValueKind != System.Text.Json.JsonValueKind.Null
                ? last.GetDateTimeOffset()
                : null);
    }
}
