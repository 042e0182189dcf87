using System.Net;
using System.Net.WebSockets;
using System.Text;
using Berth.Tests.TestServer;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Extensions;

namespace Berth.Tests.Codespaces.Connections;

/// <summary>A port of a codespace in a browser: what the program there receives, and what of its answer comes back.</summary>
public sealed class PortProxyTests(PortedProgram ported) : IClassFixture<PortedProgram>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_program_gets_the_request_as_it_is_sent()
    {
        var seen = await SeenAsync(
            "POST", "a%20b/%C3%BC%2Fx?q=%26&r=", new StringContent("the body"), ("X-Own", "1"), ("Upgrade-Insecure-Requests", "1"));
        Assert.Equal("POST", seen.Method);
        Assert.EndsWith("/a%20b/%C3%BC%2Fx?q=%26&r=", seen.Url, StringComparison.Ordinal);
        Assert.Equal("the body", seen.Body);
        Assert.Equal("1", seen.Headers["X-Own"]);
        Assert.Equal("1", seen.Headers["Upgrade-Insecure-Requests"]);
        Assert.Equal("text/plain; charset=utf-8", seen.Headers.ContentType);
    }

    [Fact]
    public async Task The_program_is_told_that_it_is_localhost_and_who_asked_by_Berth_alone()
    {
        var seen = await SeenAsync(
            "GET", "", null, ("X-Forwarded-For", "203.0.113.9"), ("X-Forwarded-Host", "evil.test"), ("X-Forwarded-Proto", "gopher"),
            ("Forwarded", "for=203.0.113.9"));
        Assert.Equal($"localhost:{ported.Port}", seen.Headers.Host);
        Assert.Equal(ported.Url(ported.Port).Host, seen.Headers["X-Forwarded-Host"]);
        Assert.Equal("http", seen.Headers["X-Forwarded-Proto"]);
        Assert.Equal("127.0.0.1", IPAddress.Parse(seen.Headers["X-Forwarded-For"].ToString()).MapToIPv4().ToString());
        Assert.False(seen.Headers.ContainsKey("Forwarded"));
    }

    [Fact]
    public async Task What_is_the_connections_stays_with_it()
    {
        var seen = await SeenAsync(
            "GET", "", null, ("Connection", "X-Hop"), ("X-Hop", "1"), ("Keep-Alive", "timeout=5"), ("Proxy-Authorization", "Basic eA=="));
        Assert.DoesNotContain(seen.Headers.Keys, name => name is "X-Hop" or "Keep-Alive" or "Proxy-Authorization" or "Connection");
    }

    [Fact]
    public async Task Cookies_reach_the_program_without_Berths()
    {
        var seen = await SeenAsync("GET", "", null, ("Cookie", "theirs=1; other=a=b"));
        Assert.Equal("theirs=1; other=a=b", seen.Headers.Cookie);
        Assert.False((await SeenAsync("GET", "", null)).Headers.ContainsKey("Cookie"));
    }

    [Fact]
    public async Task An_authorization_reaches_the_program_unless_it_holds_a_token_of_Berths()
    {
        var token = ported.World.Ada.Token;
        Assert.Equal("Bearer theirs", (await SeenAsync("GET", "", null, ("Authorization", "Bearer theirs"))).Headers.Authorization);
        Assert.False((await SeenAsync("GET", "", null, ("Authorization", "Bearer " + token))).Headers.ContainsKey("Authorization"));
        var basic = "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes("ada:" + token));
        Assert.False((await SeenAsync("GET", "", null, ("Authorization", basic))).Headers.ContainsKey("Authorization"));
        var admin = "Bearer " + BerthServer.AdminToken;
        Assert.False((await SeenAsync("GET", "", null, ("Authorization", admin))).Headers.ContainsKey("Authorization"));
    }

    [Fact]
    public async Task The_answer_comes_back_with_its_status_and_headers()
    {
        ported.Answer = async http =>
        {
            http.Response.StatusCode = 418;
            http.Response.Headers["X-Twice"] = new(["1", "2"]);
            http.Response.Headers.Location = "/elsewhere";
            http.Response.Headers["Referrer-Policy"] = "no-referrer";
            await http.Response.WriteAsync("short and stout", Cancel);
        };
        using var response = await SendAsync("GET", "", null);
        Assert.Equal(418, (int)response.StatusCode);
        Assert.Equal(["1", "2"], response.Headers.GetValues("X-Twice"));
        Assert.Equal("/elsewhere", response.Headers.Location!.OriginalString);
        Assert.Equal("no-referrer", Assert.Single(response.Headers.GetValues("Referrer-Policy")));
        Assert.Equal("short and stout", await response.Content.ReadAsStringAsync(Cancel));

        ported.Answer = _ => Task.CompletedTask;
        using var silent = await SendAsync("GET", "", null);
        Assert.Equal("same-origin", Assert.Single(silent.Headers.GetValues("Referrer-Policy")));
    }

    [Fact]
    public async Task Cookies_come_back_for_this_host_alone_and_none_under_Berths_name()
    {
        ported.Answer = http =>
        {
            http.Response.Headers.SetCookie = new(["a=1; domain=ports.example.test; path=/", "berth-port=stolen; path=/", "b=2; httponly"]);
            return Task.CompletedTask;
        };
        using var response = await SendAsync("GET", "", null);
        Assert.Equal(["a=1; path=/", "b=2; httponly"], response.Headers.GetValues("Set-Cookie"));
    }

    [Fact]
    public async Task Events_come_one_by_one()
    {
        var goOn = new TaskCompletionSource();
        ported.Answer = async http =>
        {
            http.Response.ContentType = "text/event-stream";
            await http.Response.WriteAsync("data: 1\n\n", Cancel);
            await goOn.Task;
            await http.Response.WriteAsync("data: 2\n\n", Cancel);
        };
        using var response = await SendAsync("GET", "", null);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(Cancel));
        Assert.Equal("data: 1", await reader.ReadLineAsync(Cancel));
        goOn.SetResult();
        Assert.Equal("\ndata: 2\n\n", await reader.ReadToEndAsync(Cancel));
    }

    [Fact]
    public async Task A_body_may_be_as_large_as_the_program_takes()
    {
        const int size = 40 << 20;
        ported.Answer = async http =>
        {
            var (buffer, length) = (new byte[1 << 16], 0L);
            for (int read; (read = await http.Request.Body.ReadAsync(buffer, Cancel)) > 0; length += read)
            {
            }

            await http.Response.WriteAsync($"{length}", Cancel);
        };
        using var response = await SendAsync("PUT", "", new ByteArrayContent(new byte[size]));
        Assert.Equal($"{size}", await response.Content.ReadAsStringAsync(Cancel));
    }

    [Fact]
    public async Task A_WebSocket_goes_through_in_both_directions_and_ends_on_both_sides()
    {
        var ended = new TaskCompletionSource<WebSocketCloseStatus?>();
        ported.Answer = async http =>
        {
            Assert.Equal("chat", Assert.Single(http.WebSockets.WebSocketRequestedProtocols));
            using var socket = await http.WebSockets.AcceptWebSocketAsync("chat");
            var buffer = new byte[1024];
            while (await socket.ReceiveAsync(buffer, Cancel) is { MessageType: WebSocketMessageType.Text } part)
            {
                await socket.SendAsync(buffer.AsMemory(0, part.Count), WebSocketMessageType.Text, endOfMessage: true, Cancel);
            }

            await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, "", Cancel);
            ended.SetResult(socket.CloseStatus);
        };
        using var browser = ported.Browser();
        using var client = new ClientWebSocket();
        client.Options.AddSubProtocol("chat");
        client.Options.SetRequestHeader("Cookie", await ported.CookieAsync(ported.Port));
        await client.ConnectAsync(ported.Url(ported.Port, "ws"), browser, Cancel);
        Assert.Equal("chat", client.SubProtocol);
        foreach (var text in new[] { "one", "two" })
        {
            await client.SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, endOfMessage: true, Cancel);
            var buffer = new byte[1024];
            var part = await client.ReceiveAsync(buffer, Cancel);
            Assert.Equal(text, Encoding.UTF8.GetString(buffer, 0, part.Count));
        }

        await client.CloseAsync(WebSocketCloseStatus.EndpointUnavailable, "", Cancel);
        Assert.Equal(WebSocketCloseStatus.EndpointUnavailable, await ended.Task.WaitAsync(Cancel));
    }

    [Fact]
    public async Task A_port_where_nothing_answers_is_named_with_Berths_own_headers()
    {
        using var free = new HeldPort();
        using var response = await SendAsync("GET", "", null, port: free.Number);
        Assert.Equal(HttpStatusCode.BadGateway, response.StatusCode);
        Assert.Equal($"Nothing answers at port {free.Number} of the codespace.\n", await response.Content.ReadAsStringAsync(Cancel));
        Assert.Equal("same-origin", Assert.Single(response.Headers.GetValues("Referrer-Policy")));
        Assert.Equal("nosniff", Assert.Single(response.Headers.GetValues("X-Content-Type-Options")));
        Assert.Equal("text/plain; charset=utf-8", response.Content.Headers.ContentType!.ToString());
    }

    [Fact]
    public async Task A_program_that_hangs_up_is_no_answer()
    {
        ported.Answer = http =>
        {
            http.Abort();
            return Task.CompletedTask;
        };
        using var response = await SendAsync("POST", "", new StringContent("x"));
        Assert.Equal(HttpStatusCode.BadGateway, response.StatusCode);
        Assert.Equal($"Nothing answers at port {ported.Port} of the codespace.\n", await response.Content.ReadAsStringAsync(Cancel));
    }

    /// <summary>Sends a request and returns what the program saw of it.</summary>
    private async Task<Seen> SeenAsync(string method, string path, HttpContent? body, params (string Name, string Value)[] headers)
    {
        Seen? seen = null;
        ported.Answer = async http =>
        {
            using var reader = new StreamReader(http.Request.Body);
            seen = new Seen(
                http.Request.Method, http.Request.GetEncodedUrl(), new HeaderDictionary(http.Request.Headers.ToDictionary()),
                await reader.ReadToEndAsync(Cancel));
        };
        using var response = await SendAsync(method, path, body, headers: headers);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return seen!;
    }

    private async Task<HttpResponseMessage> SendAsync(
        string method, string path, HttpContent? body, int? port = null, params (string Name, string Value)[] headers)
    {
        var target = port ?? ported.Port;
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(ported.Url(target) + path)) { Content = body };
        var cookies = new List<string> { await ported.CookieAsync(target) };
        foreach (var (name, value) in headers)
        {
            if (name == "Cookie")
            {
                cookies.Add(value);
            }
            else
            {
                request.Headers.TryAddWithoutValidation(name, value);
            }
        }

        request.Headers.TryAddWithoutValidation("Cookie", string.Join("; ", cookies));
        return await ported.Browser().SendAsync(request, Cancel);
    }

    private sealed record Seen(string Method, string Url, IHeaderDictionary Headers, string Body);
}
