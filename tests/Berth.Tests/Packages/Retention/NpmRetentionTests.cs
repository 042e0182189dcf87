using System.Net;
using System.Text.Json;
using Berth.Tests.Npm;
using Berth.Tests.TestServer;

namespace Berth.Tests.Packages.Retention;

/// <summary>Policies for npm packages go by the number, and never remove what somebody needs.</summary>
public sealed class NpmRetentionTests : IAsyncLifetime
{
    private const string Lib = "/user/packages/npm/lib";
    private BerthServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await BerthServer.StartAsync(manualClock: true);

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task Versions_go_by_their_numbers_and_those_that_are_needed_stay()
    {
        var ada = await _server.UserAsync();
        var name = $"@{ada.Login}/lib";
        foreach (var version in new[] { "1.0.0", "1.1.0", "1.2.0", "2.0.0", "2.1.0" })
        {
            await ada.PublishAsync(name, version);
        }

        await ada.PublishAsync(name, "3.0.0-pr.7", tag: "next");
        await ada.PublishAsync($"@{ada.Login}/app", extra: $$""","dependencies":{"{{name}}":"~1.1.0"}""");
        _server.Clock!.Advance(TimeSpan.FromDays(40));
        await ada.PublishAsync(name, "2.2.0");
        _server.Clock.Advance(TimeSpan.FromHours(25));
        await ada.DoAsync(
            "PUT", "/user/settings/retention",
            """{"rules":[{"versions":["*"],"keep_newest":1},{"untagged":true,"older_than_days":1}]}""");
        var preview = (await ada.DoAsync("GET", $"{Lib}/retention/preview")).Json;
        Assert.Equal(["1.0.0", "1.2.0", "2.0.0"], Names(preview, "removes").Order(StringComparer.Ordinal));

        // 2.2.0 is latest, 3.0.0-pr.7 is next, 2.1.0 is the newest of the others, and an application needs 1.1.0.
        var kept = Assert.Single(preview.GetProperty("protected").EnumerateArray());
        Assert.Equal(
            ("1.1.0", "stays: a package of this server depends on it"),
            (kept.GetProperty("name").GetString(), kept.GetProperty("reason").GetString()));
        var run = (await ada.DoAsync("POST", $"{Lib}/retention/runs")).Json;
        Assert.Equal(3, run.GetProperty("removed").GetInt32());
        Assert.Equal(name, run.GetProperty("package").GetString());
        Assert.Contains("its number is such", run.GetProperty("removals")[0].GetProperty("reason").GetString(), StringComparison.Ordinal);
        Assert.Equal(
            ["1.1.0", "2.1.0", "2.2.0", "3.0.0-pr.7"],
            (await ada.PackumentAsync(name)).GetProperty("versions").EnumerateObject().Select(version => version.Name));
        await ada.DoAsync("POST", $"{Lib}/versions/{run.GetProperty("removals")[0].GetProperty("id").GetInt64()}/restore");
        Assert.Equal(5, (await ada.PackumentAsync(name)).GetProperty("versions").EnumerateObject().Count());
    }

    [Fact]
    public async Task What_installs_without_a_tag_latest_stays_too()
    {
        var ada = await _server.UserAsync();
        var name = $"@{ada.Login}/lib";
        await ada.PublishAsync(name, "1.0.0", tag: "next");
        await ada.PublishAsync(name, "1.1.0-rc.1", tag: "next");
        await ada.PublishAsync(name, "1.1.0-rc.2", tag: "next");
        _server.Clock!.Advance(TimeSpan.FromDays(2));
        var tried = await ada.DoAsync("POST", $"{Lib}/retention/preview", """{"rules":[{"versions":["*"],"keep_newest":0}]}""");
        Assert.Equal(["1.1.0-rc.1"], Names(tried.Json, "removes"));
    }

    [Theory]
    [InlineData("""{"versions":["*"]}""", "such a number")]
    [InlineData("""{"versions":[],"keep_newest":1}""", "must say one of")]
    [InlineData("""{"versions":["*"],"tags":["*"],"keep_newest":1}""", "must say one of")]
    [InlineData("""{"versions":["^1.0.0"],"keep_newest":1}""", "must be patterns")]
    public async Task A_rule_of_numbers_says_which_and_how_many(string rule, string expected)
    {
        var ada = await _server.UserAsync();
        await ada.PublishAsync($"@{ada.Login}/lib");
        var refused = await ada.SendAsync("PUT", $"{Lib}/retention", $$"""{"rules":[{{rule}}]}""");
        Assert.Equal(HttpStatusCode.UnprocessableEntity, refused.Status);
        Assert.Contains(expected, refused.Body, StringComparison.Ordinal);
    }

    private static List<string> Names(JsonElement answer, string property) =>
        [.. answer.GetProperty(property).EnumerateArray().Select(item => item.GetProperty("name").GetString()!)];
}
