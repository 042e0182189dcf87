using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Berth.Tests.TestServer;

namespace Berth.Tests.Tokens;

/// <summary>Docker's token protocol and its OAuth 2 variant, https://distribution.github.io/distribution/spec/auth/.</summary>
public sealed class TokenEndpointTests(SharedServer shared)
{
    private static readonly string Basic = "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes("anybody:" + BerthServer.AdminToken));
    private static readonly string WrongBasic = "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes("admin:berthp_wrong"));

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_login_without_scope_gets_a_token_that_opens_the_version_check()
    {
        var answer = await JsonAsync(
            await GetAsync("/token?account=ada&client_id=docker&offline_token=true&service=x", Basic), HttpStatusCode.OK);
        Assert.Equal(answer.GetProperty("token").GetString(), answer.GetProperty("access_token").GetString());
        Assert.Equal(300, answer.GetProperty("expires_in").GetInt32());
        Assert.EndsWith("Z", answer.GetProperty("issued_at").GetString(), StringComparison.Ordinal);
        Assert.False(answer.TryGetProperty("refresh_token", out _));
        Assert.Equal(HttpStatusCode.OK, (await GetAsync("/v2/", "Bearer " + answer.GetProperty("token").GetString())).StatusCode);
    }

    [Theory]
    [InlineData("scope=repository:admin/one:pull,push", "repository:admin/one:pull,push")]
    [InlineData("scope=repository:admin/one:pull&scope=repository:admin/two:push", "repository:admin/one:pull repository:admin/two:push")]
    [InlineData("scope=repository:admin/one:pull%20repository:admin/two:pull", "repository:admin/one:pull repository:admin/two:pull")]
    [InlineData("scope=repository:admin/one:pull&scope=repository:admin/one:push", "repository:admin/one:pull,push")]
    [InlineData("scope=repository(plugin):admin/one:pull", "repository:admin/one:pull")]
    [InlineData("scope=repository:nobody/one:pull,push", "")]
    [InlineData("scope=repository:UPPER/one:pull", "")]
    [InlineData("scope=registry:catalog:*", "registry:catalog:*")]
    [InlineData("scope=repository:admin/one:pull%20registry:catalog:*", "repository:admin/one:pull registry:catalog:*")]
    [InlineData("scope=nonsense", "")]
    [InlineData("scope=", "")]
    public async Task The_answer_holds_what_is_asked_and_allowed(string query, string granted)
    {
        var answer = await JsonAsync(await GetAsync("/token?service=x&" + query, Basic), HttpStatusCode.OK);
        Assert.Equal(granted, answer.GetProperty("scope").GetString());
    }

    [Fact]
    public async Task Anonymous_callers_get_a_token_that_may_do_nothing_with_what_is_hidden()
    {
        var answer = await JsonAsync(await GetAsync("/token?service=x&scope=repository:admin/one:pull", null), HttpStatusCode.OK);
        Assert.Equal("", answer.GetProperty("scope").GetString());
    }

    [Theory]
    [InlineData("/token?service=x")]
    [InlineData("/token?service=x&scope=repository:admin/one:pull")]
    public async Task Bad_credentials_are_refused_with_a_challenge(string path)
    {
        var answer = await GetAsync(path, WrongBasic);
        Assert.Equal("Basic realm=\"Berth\"", answer.Headers.WwwAuthenticate.Single().ToString());
        var error = (await JsonAsync(answer, HttpStatusCode.Unauthorized)).GetProperty("errors")[0];
        Assert.Equal("UNAUTHORIZED", error.GetProperty("code").GetString());
        Assert.Equal("the token is not known: it was deleted, or never issued by this server", error.GetProperty("message").GetString());
    }

    [Theory]
    [InlineData(
        "grant_type=password&username=ada&password=" + BerthServer.AdminToken + "&scope=repository:admin/one:pull,push&service=x", 200,
        null)]
    [InlineData("grant_type=password&username=ada&password=wrong&service=x", 401, "invalid_grant")]
    [InlineData("grant_type=password&username=ada", 400, "invalid_request")]
    [InlineData("grant_type=refresh_token&refresh_token=x", 400, "unsupported_grant_type")]
    [InlineData("grant_type=client_credentials", 400, "unsupported_grant_type")]
    [InlineData("scope=repository:admin/one:pull", 400, "invalid_request")]
    public async Task The_oauth_variant_takes_a_password_and_refuses_other_grants(string form, int status, string? error)
    {
        using var client = shared.Server.Client();
        using var content = new StringContent(form, Encoding.ASCII, "application/x-www-form-urlencoded");
        var answer = await JsonAsync(await client.PostAsync("/token", content, Token), (HttpStatusCode)status);
        if (error is null)
        {
            Assert.Equal("repository:admin/one:pull,push", answer.GetProperty("scope").GetString());
        }
        else
        {
            Assert.Equal(error, answer.GetProperty("error").GetString());
        }
    }

    [Fact]
    public async Task The_oauth_variant_takes_the_header_too()
    {
        using var client = shared.Server.Client();
        client.DefaultRequestHeaders.Authorization = AuthenticationHeaderValue.Parse(Basic);
        using var content = new StringContent("scope=repository:admin/one:pull", Encoding.ASCII, "application/x-www-form-urlencoded");
        var answer = await JsonAsync(await client.PostAsync("/token", content, Token), HttpStatusCode.OK);
        Assert.Equal("repository:admin/one:pull", answer.GetProperty("scope").GetString());
    }

    [Theory]
    [InlineData("Basic")]
    [InlineData("Basic !!!")]
    [InlineData("Basic " + "bm8tY29sb24=")]
    [InlineData("Digest x")]
    [InlineData("Bearer ")]
    public async Task A_header_that_is_neither_is_refused(string header) =>
        Assert.Equal(HttpStatusCode.Unauthorized, (await GetAsync("/token?service=x", header)).StatusCode);

    [Fact]
    public async Task Too_many_scopes_are_refused() => Assert.Equal(
        HttpStatusCode.BadRequest,
        (await GetAsync(
            "/token?" + string.Join('&', Enumerable.Range(0, 65).Select(i => $"scope=repository:admin/a{i}:pull")), Basic)).StatusCode);

    [Theory]
    [InlineData("Bearer {base64 token}", 200)]
    [InlineData("Bearer {base64 user:token}", 200)]
    [InlineData("Bearer {token}", 200)]
    [InlineData("Basic {base64 user:token}", 200)]
    [InlineData("Bearer berthr1.e30.AAAA", 401)]
    [InlineData("Bearer berthr1..", 401)]
    [InlineData("Bearer berthr1", 401)]
    [InlineData("Bearer xyz", 401)]
    [InlineData("Basic eDp5", 401)]
    [InlineData("Negotiate x", 401)]
    public async Task The_registry_takes_tokens_directly(string header, int status)
    {
        static string Encode(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));
        header = header.Replace("{base64 token}", Encode(BerthServer.AdminToken), StringComparison.Ordinal)
            .Replace("{base64 user:token}", Encode("x:" + BerthServer.AdminToken), StringComparison.Ordinal)
            .Replace("{token}", BerthServer.AdminToken, StringComparison.Ordinal);
        var answer = await GetAsync("/v2/", header);
        Assert.Equal(status, (int)answer.StatusCode);
        Assert.Equal(status == 401, answer.Headers.WwwAuthenticate.Count > 0);
    }

    [Fact]
    public async Task A_registry_token_lives_five_minutes_and_ends_with_the_token_behind_it()
    {
        await using var server = await BerthServer.StartAsync(manualClock: true);
        var registryToken = (await JsonAsync(await GetAsync("/token", Basic, server), HttpStatusCode.OK)).GetProperty("token").GetString();
        server.Clock!.Advance(TimeSpan.FromSeconds(299));
        Assert.Equal(HttpStatusCode.OK, (await GetAsync("/v2/", "Bearer " + registryToken, server)).StatusCode);
        server.Clock.Advance(TimeSpan.FromSeconds(1));
        var expired = await GetAsync("/v2/", "Bearer " + registryToken, server);
        Assert.Equal(HttpStatusCode.Unauthorized, expired.StatusCode);
        Assert.Contains("error=\"invalid_token\"", expired.Headers.WwwAuthenticate.Single().ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_registry_token_is_of_its_server_only()
    {
        await using var other = await BerthServer.StartAsync();
        var foreign = (await JsonAsync(await GetAsync("/token", Basic, other), HttpStatusCode.OK)).GetProperty("token").GetString();
        Assert.Equal(HttpStatusCode.Unauthorized, (await GetAsync("/v2/", "Bearer " + foreign)).StatusCode);
    }

    private async Task<HttpResponseMessage> GetAsync(string path, string? authorization, BerthServer? server = null)
    {
        using var client = (server ?? shared.Server).Client();
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (authorization is not null)
        {
            request.Headers.TryAddWithoutValidation("Authorization", authorization);
        }

        return await client.SendAsync(request, Token);
    }

    private static async Task<JsonElement> JsonAsync(HttpResponseMessage answer, HttpStatusCode expected)
    {
        var text = await answer.Content.ReadAsStringAsync(Token);
        Assert.True(expected == answer.StatusCode, $"{(int)answer.StatusCode} {text}");
        return JsonDocument.Parse(text).RootElement;
    }
}
