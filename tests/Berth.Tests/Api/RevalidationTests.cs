using System.Net;
using Berth.Tests.TestServer;

namespace Berth.Tests.Api;

/// <summary>Answers that a client keeps and asks about again, and the rate limit of each caller.</summary>
public sealed class RevalidationTests(SharedServer shared)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_did_not_change_is_not_sent_again()
    {
        var ada = await shared.Server.UserAsync("ada");
        var app = await ada.RepositoryAsync(ada.Login);
        var first = await SendAsync(ada, $"/repos/{app}", null);
        var tag = first.Headers.ETag!.ToString();
        Assert.True(first.Headers.CacheControl is { Private: true, NoCache: true, NoStore: false });
        Assert.StartsWith("W/\"", tag, StringComparison.Ordinal);

        var second = await SendAsync(ada, $"/repos/{app}", tag);
        Assert.Equal((HttpStatusCode.NotModified, 0), (second.StatusCode, (await second.Content.ReadAsByteArrayAsync(Token)).Length));
        Assert.Equal(tag, second.Headers.ETag!.ToString());
        Assert.Equal(HttpStatusCode.OK, (await SendAsync(ada, $"/repos/{app}", "\"other\"")).StatusCode);
        Assert.Equal(HttpStatusCode.NotModified, (await SendAsync(ada, $"/repos/{app}", $"\"other\", {tag}")).StatusCode);

        await ada.DoAsync("PATCH", $"/repos/{app}", """{"description":"changed"}""");
        var third = await SendAsync(ada, $"/repos/{app}", tag);
        Assert.Equal(HttpStatusCode.OK, third.StatusCode);
        Assert.NotEqual(tag, third.Headers.ETag!.ToString());
    }

    /// <summary>The first page is the same, but its links change once there is a second page.</summary>
    [Fact]
    public async Task A_page_whose_links_changed_is_sent_again()
    {
        var ada = await shared.Server.UserAsync("ada");
        await ada.RepositoryAsync(ada.Login, "zz");
        var first = await SendAsync(ada, "/user/repos?per_page=1&sort=full_name", null);
        await ada.RepositoryAsync(ada.Login, "zzz");
        var second = await SendAsync(ada, "/user/repos?per_page=1&sort=full_name", first.Headers.ETag!.ToString());
        Assert.Equal(HttpStatusCode.OK, second.StatusCode);
        Assert.Contains("Link", second.Headers.Select(header => header.Key));
    }

    [Fact]
    public async Task Head_has_the_headers_of_get()
    {
        var ada = await shared.Server.UserAsync("ada");
        using var client = shared.Server.Client(ada.Token);
        using var head = await client.SendAsync(new HttpRequestMessage(HttpMethod.Head, "/api/v3/user"), Token);
        var get = await SendAsync(ada, "/user", null);
        Assert.Equal(get.Headers.ETag, head.Headers.ETag);
        Assert.Equal(get.Content.Headers.ContentLength, head.Content.Headers.ContentLength);
    }

    [Fact]
    public async Task A_caller_who_asks_too_often_waits_for_the_next_hour_and_nobody_else_does()
    {
        await using var server = await BerthServer.StartAsync(manualClock: true, "BERTH_API_REQUESTS_PER_HOUR=20");
        var (ada, eve) = (await server.UserAsync("ada"), await server.UserAsync("eve"));
        for (var i = 1; i <= 20; i++)
        {
            var reply = await ada.DoAsync("GET", "/user");
            Assert.Equal(["20", $"{20 - i}", $"{i}", "core"], Rate(reply.Response, "Limit", "Remaining", "Used", "Resource"));
        }

        var refused = await ada.GetAsync("/user");
        Assert.Equal(HttpStatusCode.Forbidden, refused.Status);
        Assert.Contains("API rate limit exceeded", refused.Body, StringComparison.Ordinal);
        await eve.DoAsync("GET", "/user");

        // All tokens of a user share the count, and asking for it is free.
        Assert.Equal(HttpStatusCode.Forbidden, (await (await ada.WithTokenAsync("repo")).GetAsync("/user")).Status);
        var rate = (await eve.DoAsync("GET", "/rate_limit"))["rate"];
        Assert.Equal(
            (20, 1, 19),
            (rate.GetProperty("limit").GetInt64(), rate.GetProperty("used").GetInt64(), rate.GetProperty("remaining").GetInt64()));

        var reset = DateTimeOffset.FromUnixTimeSeconds(rate.GetProperty("reset").GetInt64());
        Assert.InRange(reset - server.Clock!.GetUtcNow(), TimeSpan.FromSeconds(1), TimeSpan.FromHours(1));
        server.Clock.Advance(reset - server.Clock.GetUtcNow());
        await ada.DoAsync("GET", "/user");
    }

    private static string[] Rate(HttpResponseMessage response, params string[] names) =>
        [.. names.Select(name => response.Headers.GetValues("X-RateLimit-" + name).Single())];

    private async Task<HttpResponseMessage> SendAsync(Person person, string path, string? tag)
    {
        var client = shared.Server.Client(person.Token);
        var request = new HttpRequestMessage(HttpMethod.Get, "/api/v3" + path);
        if (tag is not null)
        {
            request.Headers.TryAddWithoutValidation("If-None-Match", tag);
        }

        return await client.SendAsync(request, Token);
    }
}
