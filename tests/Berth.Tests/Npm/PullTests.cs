using System.Net;
using System.Text.Json;
using Berth.Tests.TestServer;

namespace Berth.Tests.Npm;

/// <summary>Downloads of tarballs are counted, and are in the audit log if the operator wants that.</summary>
public sealed class PullTests
{
    [Fact]
    public async Task A_download_is_counted_once_and_says_who_took_which_version()
    {
        await using var server = await BerthServer.StartAsync(manualClock: true, "BERTH_AUDIT_PULLS=true");
        var ada = await server.UserAsync();
        var bob = await server.UserAsync("bob");
        await ada.PublishAsync($"@{ada.Login}/lib");
        await ada.PublishAsync($"@{ada.Login}/lib", "2.0.0");
        await ada.DoAsync("PATCH", "/user/packages/npm/lib", """{"visibility":"public"}""");
        var path = $"/npm/@{ada.Login}/lib/-/lib-1.0.0.tgz";
        server.Clock!.Advance(TimeSpan.FromHours(1));
        var pulled = server.Clock.GetUtcNow();
        using var whole = await server.FetchAsync(path, bob.Token);
        using var resumed = await server.FetchAsync(path, bob.Token, headers => headers.Range = new(10, null));
        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.PartialContent), (whole.StatusCode, resumed.StatusCode));
        using var anonymous = await server.FetchAsync(path);
        await bob.CallAsync("GET", NpmRequests.Path($"@{ada.Login}/lib"));
        await bob.CallAsync("GET", $"/npm/@{ada.Login}/lib/-/lib-9.0.0.tgz");
        await server.RestartAsync();

        var package = await ada.DoAsync("GET", "/user/packages/npm/lib");
        Assert.Equal(2, package["pull_count"].GetInt64());
        var versions = (await ada.DoAsync("GET", "/user/packages/npm/lib/versions")).Json.EnumerateArray().ToDictionary(
            version => version.GetProperty("name").GetString()!);
        Assert.Equal(2, versions["1.0.0"].GetProperty("pull_count").GetInt64());
        Assert.Equal(
            pulled.ToUnixTimeSeconds(), versions["1.0.0"].GetProperty("last_pulled_at").GetDateTimeOffset().ToUnixTimeSeconds());
        Assert.Equal(0, versions["2.0.0"].GetProperty("pull_count").GetInt64());

        var log = (await ada.DoAsync("GET", "/user/audit-log?include=git&order=asc")).Json.EnumerateArray().ToList();
        Assert.Equal([bob.Login, "anonymous"], log.Select(entry => Text(entry, "actor")));
        Assert.All(log, entry => Assert.Equal(
            ("packages.version_download", ada.Login, "lib", "npm", "1.0.0", null),
            (Text(entry, "action"), Text(entry, "org"), Text(entry, "package"), Text(entry, "package_type"), Text(entry, "version"),
                Text(entry, "tag"))));
    }

    [Fact]
    public async Task Asking_whether_a_file_is_current_is_no_pull_and_counts_as_use()
    {
        await using var server = await BerthServer.StartAsync(manualClock: true);
        var ada = await server.UserAsync();
        await ada.PublishAsync($"@{ada.Login}/lib");
        var path = $"/npm/@{ada.Login}/lib/-/lib-1.0.0.tgz";
        using var first = await server.FetchAsync(path, ada.Token);
        server.Clock!.Advance(TimeSpan.FromDays(3));
        using var again = await server.FetchAsync(path, ada.Token, headers => headers.IfNoneMatch.Add(first.Headers.ETag!));
        Assert.Equal(HttpStatusCode.NotModified, again.StatusCode);
        await server.RestartAsync();
        var package = await ada.DoAsync("GET", "/user/packages/npm/lib");
        Assert.Equal(1, package["pull_count"].GetInt64());
        Assert.Equal(
            server.Clock.GetUtcNow().ToUnixTimeSeconds(), package["last_pulled_at"].GetDateTimeOffset().ToUnixTimeSeconds());
    }

    private static string? Text(JsonElement entry, string name) =>
        entry.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
