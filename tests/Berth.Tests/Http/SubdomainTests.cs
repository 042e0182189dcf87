using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Berth.Server.Database;
using Berth.Tests.TestServer;
using Microsoft.Extensions.DependencyInjection;

namespace Berth.Tests.Http;

/// <summary>Subdomain isolation: each surface has its own host, whatever a request says about its host.</summary>
public sealed class SubdomainTests(IsolatedServer isolated) : IClassFixture<IsolatedServer>
{
    private const string Host = IsolatedServer.Host;
    private const string Containers = "containers." + Host;

    private BerthServer Server => isolated.Server;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(Containers, "/v2/", 401)]
    [InlineData(Containers, "/V2/", 401)]
    [InlineData(Containers, "/token", 200)]
    [InlineData(Containers, "/api/v3/meta", 404)]
    [InlineData(Containers, "/API/v3/meta", 404)]
    [InlineData(Containers, "/api/graphql", 404)]
    [InlineData(Containers, "/oauth/token", 404)]
    [InlineData(Containers, "/", 404)]
    [InlineData(Containers, "/v2/../api/v3/meta", 404)]
    [InlineData(Containers, "/healthz", 200)]
    [InlineData(Host, "/api/v3/meta", 200)]
    [InlineData(Host, "/v2/", 404)]
    [InlineData(Host, "/V2/", 404)]
    [InlineData(Host, "/V2/admin%2Fapp/manifests/1", 404)]
    [InlineData(Host, "/%76%32/", 404)]
    [InlineData(Host, "//v2/", 404)]
    [InlineData(Host, "/api/../v2/", 404)]
    [InlineData(Host, "/token", 404)]
    [InlineData(Host, "/Token", 404)]
    [InlineData(Host, "/healthz", 200)]
    public async Task Each_surface_is_served_by_its_own_host(string host, string path, int expected) =>
        Assert.Equal(expected, (await AskAsync($"GET {path} HTTP/1.1\r\nHost: {host}")).Status);

    /// <summary>A package's content is never shown as a page, not even at the root of a host.</summary>
    [Theory]
    [InlineData(Containers, "/v2/")]
    [InlineData("npm." + Host, "/@acme/app")]
    [InlineData("npm." + Host, "/v2/")]
    [InlineData(Host, "/npm/@acme/app")]
    [InlineData(Host, "/NPM/@acme/app")]
    public async Task What_packages_serve_is_sandboxed_on_every_host(string host, string path) => Assert.Contains(
        "Content-Security-Policy: sandbox", (await AskAsync($"GET {path} HTTP/1.1\r\nHost: {host}")).Text, StringComparison.Ordinal);

    [Theory]
    [InlineData("CONTAINERS.Berth.Example.ORG", true)]
    [InlineData(Containers + ":443", true)]
    [InlineData(Containers + ":8443", true)]
    [InlineData(Containers + ".", false)]
    [InlineData(Host, false)]
    [InlineData("containers." + Containers, false)]
    [InlineData("evil-" + Containers, false)]
    [InlineData(Containers + ".evil.test", false)]
    [InlineData("evil.test", false)]
    [InlineData("localhost", false)]
    [InlineData("127.0.0.1", false)]
    [InlineData("[::1]", false)]
    public async Task A_host_is_known_by_its_name_without_case_and_port(string host, bool known)
    {
        var (status, text) = await AskAsync($"GET /v2/ HTTP/1.1\r\nHost: {host}");
        Assert.Equal(known ? 401 : 404, status);
        Assert.Contains(
            known ? $"realm=\"https://{Containers}/token\",service=\"{Containers}\""
                : $"this host does not serve that path; it is served by https://{Containers}",
            text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Host: a b")]
    [InlineData("Host: " + Containers + ":x")]
    [InlineData("Host: ada@" + Containers)]
    [InlineData("Host: xn--.example")]
    [InlineData("Host: XN--99999999999")]
    [InlineData("Host: " + Containers + "\r\nX-Forwarded-Host: a, containers.xn--a-.x")]
    [InlineData("Host: " + Containers + "\r\nHost: " + Host)]
    public async Task A_host_that_is_none_is_a_bad_request(string header) =>
        Assert.Equal(400, (await AskAsync($"GET /v2/ HTTP/1.1\r\n{header}")).Status);

    [Fact]
    public async Task Nothing_is_done_for_a_request_to_the_wrong_host()
    {
        var ada = await Server.UserAsync("ada");
        var db = Server.Services.GetRequiredService<Db>();
        var before = await RowsAsync();
        foreach (var (method, path, host, expected) in new[]
        {
            ("POST", $"/v2/{ada.Login}/app/blobs/uploads/", Host, Containers),
            ("PUT", $"/V2/{ada.Login}%2Fapp/manifests/1", Host, Containers),
            ("POST", "/api/v3/user/repos", Containers, Host),
            ("POST", "/api/v3/user/tokens", "evil.test", Host),
        })
        {
            var answer = await SendAsync(method, path, host, ada.Token, """{"name":"app","note":"x","scopes":["repo"]}""");
            Assert.Equal(404, answer.Status);
            Assert.Contains($"https://{expected}\"", answer.Text.Replace("\\", "", StringComparison.Ordinal), StringComparison.Ordinal);
        }

        Assert.Equal(before, await RowsAsync());
        Assert.Equal("UNSUPPORTED", Json((await SendAsync("GET", "/v2/", Host, null)).Text)
            .GetProperty("errors")[0].GetProperty("code").GetString());

        // Count only some tables, since the server's background work writes too.
        Task<long> RowsAsync() => db.ReadAsync(
            session => session.SingleAsync<long>(
                """
                select (select count(*) from uploads) + (select count(*) from manifests) + (select count(*) from repositories)
                  + (select count(*) from tokens where user_id = (select a.id from accounts a where a.login = @login))
                """,
                new { login = ada.Login }),
            Token);
    }

    [Fact]
    public async Task A_registry_token_is_of_no_use_at_the_api_and_a_cookie_nowhere()
    {
        var ada = await Server.UserAsync("ada");
        using var client = Server.Client(ada.Token);
        client.DefaultRequestHeaders.Host = Containers;
        var answer = await client.GetStringAsync($"/token?scope=repository:{ada.Login}/app:pull", Token);
        var token = Json(answer).GetProperty("token").GetString();
        Assert.Equal(401, (await SendAsync("GET", "/api/v3/user", Host, token)).Status);
        Assert.Equal(200, (await SendAsync("GET", "/api/v3/user", Host, ada.Token)).Status);
        var cookie = $"Cookie: berth-port={ada.Token}; session={ada.Token}; token={token}";
        Assert.Equal(401, (await AskAsync($"GET /v2/ HTTP/1.1\r\nHost: {Containers}\r\n{cookie}")).Status);
        Assert.Equal(401, (await AskAsync($"GET /api/v3/user HTTP/1.1\r\nHost: {Host}\r\n{cookie}")).Status);
    }

    [Fact]
    public async Task Addresses_in_answers_stay_on_their_hosts()
    {
        var ada = await Server.UserAsync("ada");
        using var registry = Server.Client(ada.Token);
        registry.DefaultRequestHeaders.Host = Containers;
        using var upload = await registry.PostAsync($"/v2/{ada.Login}/app/blobs/uploads/", null, Token);
        Assert.StartsWith($"/v2/{ada.Login}/app/blobs/uploads/", upload.Headers.Location!.OriginalString, StringComparison.Ordinal);
        await ada.PushAsync($"{ada.Login}/app", "1");
        await ada.PushAsync($"{ada.Login}/app", "2");
        using var tags = await registry.GetAsync($"/v2/{ada.Login}/app/tags/list?n=1", Token);
        Assert.StartsWith($"</v2/{ada.Login}/app/tags/list", tags.Headers.GetValues("Link").Single(), StringComparison.Ordinal);

        await ada.RepositoryAsync(ada.Login, "one");
        await ada.RepositoryAsync(ada.Login, "two");
        var repositories = await ada.DoAsync("GET", "/user/repos?per_page=1");
        Assert.StartsWith($"<https://{Host}/api/v3/user/repos?per_page=1&page=2>", repositories.Header("Link"), StringComparison.Ordinal);
        Assert.Equal($"https://{Host}/api/v3/users/{ada.Login}", (await ada.DoAsync("GET", "/user"))["url"].GetString());
    }

    [Theory]
    [InlineData("127.0.0.1", Containers, 401)]
    [InlineData("127.0.0.1", Host, 404)]
    [InlineData("192.0.2.1", Containers, 404)]
    [InlineData(null, Containers, 404)]
    public async Task A_forwarded_host_counts_when_a_trusted_proxy_says_it(string? trusted, string forwarded, int expected)
    {
        await using var server = await BerthServer.StartAsync(
            manualClock: false, ["BERTH_SUBDOMAINS=true", $"BERTH_URL=https://{Host}", .. Trusting(trusted)]);
        var answer = await AskAsync(
            server, $"GET /v2/ HTTP/1.1\r\nHost: upstream.internal\r\nX-Forwarded-Host: {forwarded}\r\nX-Forwarded-Proto: https");
        Assert.Equal(expected, answer.Status);
    }

    [Fact]
    public async Task A_name_of_another_alphabet_is_what_clients_send_for_it()
    {
        await using var server = await BerthServer.StartAsync(
            manualClock: false, "BERTH_SUBDOMAINS=true", "BERTH_URL=https://bérth.example");
        var (status, text) = await AskAsync(server, "GET /v2/ HTTP/1.1\r\nHost: containers.xn--brth-bpa.example");
        Assert.Equal(401, status);
        Assert.Contains("realm=\"https://containers.xn--brth-bpa.example/token\"", text, StringComparison.Ordinal);
    }

    private static string[] Trusting(string? proxy) => proxy is null ? [] : [$"BERTH_TRUSTED_PROXIES={proxy}"];

    private static JsonElement Json(string text) => JsonSerializer.Deserialize<JsonElement>(text);

    private async Task<(int Status, string Text)> SendAsync(string method, string path, string host, string? token, string? json = null)
    {
        using var client = Server.Client(token);
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        request.Headers.Host = host;
        request.Content = json is null ? null : new StringContent(json, Encoding.UTF8, "application/json");
        using var response = await client.SendAsync(request, Token);
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync(Token));
    }

    private Task<(int Status, string Text)> AskAsync(string head) => AskAsync(Server, head);

    /// <summary>Sends the text unchanged, so that no client corrects it.</summary>
    private static async Task<(int Status, string Text)> AskAsync(BerthServer server, string head)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPEndPoint.Parse(server.Host), Token);
        await using var stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(head + "\r\nConnection: close\r\n\r\n"), Token);
        using var reader = new StreamReader(stream);
        var text = await reader.ReadToEndAsync(Token);
        return (int.Parse(text.Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture), text);
    }
}

/// <summary>A server with isolated subdomains.</summary>
public sealed class IsolatedServer : IAsyncLifetime
{
    public const string Host = "berth.example.org";
    private BerthServer? _server;

    public BerthServer Server => _server!;

    public async ValueTask InitializeAsync() =>
        _server = await BerthServer.StartAsync(manualClock: false, "BERTH_SUBDOMAINS=true", $"BERTH_URL=https://{Host}");

    public ValueTask DisposeAsync() => Server.DisposeAsync();
}
