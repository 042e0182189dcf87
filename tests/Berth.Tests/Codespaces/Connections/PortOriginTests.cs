using System.Net;
using System.Net.WebSockets;
using Microsoft.AspNetCore.Http;

namespace Berth.Tests.Codespaces.Connections;

/// <summary>Which pages may send requests from the browser of a port's owner: the port's own pages, and none of another site.</summary>
public sealed class PortOriginTests(PortedProgram ported) : IClassFixture<PortedProgram>
{
    private const string Evil = "https://evil.example";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>OWN is the origin of the port, OTHER of another port of the codespace, NEIGHBOUR of another codespace.</summary>
    [Theory]
    [Trait("Suite", "hostile")]
    [InlineData("a form of another site", "POST", Evil, "cross-site", "navigate")]
    [InlineData("a script of another site", "POST", Evil, "cross-site", "cors")]
    [InlineData("an old browser", "POST", Evil, null, null)]
    [InlineData("a page without an origin", "POST", "null", "cross-site", "navigate")]
    [InlineData("a page without an origin in an old browser", "POST", "null", null, null)]
    [InlineData("an origin that is left out", "POST", null, "cross-site", "no-cors")]
    [InlineData("a neighbour below the same domain", "POST", "NEIGHBOUR", "same-site", "cors")]
    [InlineData("a neighbour without its origin", "PUT", null, "same-site", "no-cors")]
    [InlineData("another scheme", "DELETE", "https+OWN", null, null)]
    [InlineData("another port of the machine", "PATCH", "OWN0", null, null)]
    [InlineData("a host that only begins like it", "POST", "OWN.evil.example", null, null)]
    [InlineData("two origins", "POST", "OWN, https://evil.example", null, null)]
    [InlineData("a reading script of another site", "GET", Evil, "cross-site", "cors")]
    [InlineData("a reading neighbour", "GET", "NEIGHBOUR", "same-site", "cors")]
    [InlineData("an unsafe method that only looks like reading", "get", Evil, "cross-site", "cors")]
    public Task Other_sites_are_refused(string what, string method, string? origin, string? site, string? mode) =>
        CheckAsync(what, method, origin, site, mode, HttpStatusCode.Forbidden);

    [Theory]
    [InlineData("its own form", "POST", "OWN", "same-origin", "navigate")]
    [InlineData("its own script", "DELETE", "OWN", "same-origin", "cors")]
    [InlineData("its own form in an old browser", "POST", "OWN", null, null)]
    [InlineData("its own form that tells nobody where it is from", "POST", "null", "same-origin", "navigate")]
    [InlineData("another port of the codespace", "POST", "OTHER", "same-site", "cors")]
    [InlineData("another port behind the public suffix list", "PUT", "OTHER", "cross-site", "cors")]
    [InlineData("curl", "POST", null, null, null)]
    [InlineData("a link of another site", "GET", null, "cross-site", "navigate")]
    [InlineData("what a form's answer leads to", "GET", "null", "cross-site", "navigate")]
    [InlineData("the address bar", "GET", null, "none", "navigate")]
    [InlineData("a picture in a page of another port", "GET", null, "same-site", "no-cors")]
    [InlineData("its own script that reads", "GET", "OWN", "same-origin", "cors")]
    public Task Its_own_pages_links_and_programs_are_served(string what, string method, string? origin, string? site, string? mode) =>
        CheckAsync(what, method, origin, site, mode, HttpStatusCode.OK);

    [Theory]
    [InlineData(Evil, false)]
    [InlineData("NEIGHBOUR", false)]
    [InlineData("null", false)]
    [InlineData("OWN", true)]
    [InlineData("OTHER", true)]
    [InlineData(null, true)]
    public async Task A_WebSocket_is_opened_by_its_own_pages_and_programs_alone(string? origin, bool opens)
    {
        var reached = false;
        ported.Answer = async http =>
        {
            reached = true;
            using var socket = await http.WebSockets.AcceptWebSocketAsync();
            await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, "", Cancel);
        };
        using var browser = ported.Browser();
        using var client = new ClientWebSocket();
        client.Options.CollectHttpResponseDetails = true;
        client.Options.SetRequestHeader("Cookie", await ported.CookieAsync(ported.Port));
        client.Options.SetRequestHeader("Sec-Fetch-Mode", "navigate");
        if (origin is not null)
        {
            client.Options.SetRequestHeader("Origin", OriginOf(origin));
        }

        if (opens)
        {
            await client.ConnectAsync(ported.Url(ported.Port, "ws"), browser, Cancel);
        }
        else
        {
            await Assert.ThrowsAsync<WebSocketException>(() => client.ConnectAsync(ported.Url(ported.Port, "ws"), browser, Cancel));
            Assert.Equal(HttpStatusCode.Forbidden, client.HttpStatusCode);
        }

        Assert.Equal(opens, reached);
    }

    private async Task CheckAsync(string what, string method, string? origin, string? site, string? mode, HttpStatusCode status)
    {
        var reached = false;
        ported.Answer = http =>
        {
            reached = true;
            return http.Response.WriteAsync("the program", Cancel);
        };
        using var request = new HttpRequestMessage(new HttpMethod(method), ported.Url(ported.Port));
        request.Headers.TryAddWithoutValidation("Cookie", await ported.CookieAsync(ported.Port));
        foreach (var (name, value) in new[] { ("Origin", origin), ("Sec-Fetch-Site", site), ("Sec-Fetch-Mode", mode) })
        {
            if (value is not null)
            {
                request.Headers.TryAddWithoutValidation(name, OriginOf(value));
            }
        }

        using var browser = ported.Browser();
        using var response = await browser.SendAsync(request, Cancel);
        var text = await response.Content.ReadAsStringAsync(Cancel);
        Assert.True(status == response.StatusCode, $"{what}: {(int)response.StatusCode} {text}");
        Assert.Equal(status == HttpStatusCode.OK, reached);
        Assert.StartsWith(
            status == HttpStatusCode.OK ? "the program" : "This request was made by a page of another site.", text,
            StringComparison.Ordinal);
    }

    private string OriginOf(string value) => value.Replace("https+OWN", ported.Origin(ported.Port).Replace("http:", "https:"))
        .Replace("OWN", ported.Origin(ported.Port))
        .Replace("OTHER", ported.Origin(1))
        .Replace("NEIGHBOUR", ported.Origin(ported.Port).Replace("://", "://x"));
}
