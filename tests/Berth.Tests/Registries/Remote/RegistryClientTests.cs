using System.Text;
using Berth.Server.Faults;
using Berth.Server.Http;
using Berth.Server.Oci;
using Berth.Server.Registries;
using Berth.Server.Registries.Remote;
using Microsoft.AspNetCore.Http;

namespace Berth.Tests.Registries.Remote;

/// <summary>Berth's own registry client with registries that challenge as the well-known ones do, over real sockets and TLS.</summary>
public sealed class RegistryClientTests : IAsyncLifetime
{
    private static readonly RegistryLogin Ada = new("ada", RegistryLike.Password);
    private TestInternet? _internet;

    public static TheoryData<string> Servers => [.. RegistryLike.All.Select(registry => registry.Server)];

    private TestInternet Internet => _internet!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _internet = await TestInternet.StartAsync();

    public async ValueTask DisposeAsync() => await Internet.DisposeAsync();

    [Theory]
    [MemberData(nameof(Servers))]
    public async Task Every_common_registry_is_understood(string server)
    {
        var (registry, host) = Open(server);
        var client = Internet.Client();
        var (good, bad) = (new RegistryLogin(registry.User, RegistryLike.Password), new RegistryLogin(registry.User, "wrong-password"));

        Assert.Equal($"{host} accepts the login", (await client.LoginAsync(Host(host), good, offline: false, Cancel)).Value?.Message);
        Assert.Equal(FaultKind.WrongPassword, (await client.LoginAsync(Host(host), bad, offline: false, Cancel)).Fault?.Kind);

        var found = await client.FindAsync(Image(host, "acme/app", "1"), good, Cancel);
        Assert.Equal(RegistryLike.AppDigest, found.Value?.Digest.Value);
        Assert.Equal(registry.Realm is null ? RemoteScheme.Basic : RemoteScheme.Bearer, found.Scheme);
        Assert.Equal(registry.Realm is not null, found.Token is not null);

        Assert.Equal(FaultKind.WrongPassword, (await client.FindAsync(Image(host, "acme/app", "1"), bad, Cancel)).Fault?.Kind);
        Assert.Equal(FaultKind.Denied, (await client.FindAsync(Image(host, "acme/secret", "1"), good, Cancel)).Fault?.Kind);
        Assert.Equal(FaultKind.LoginRequired, (await client.FindAsync(Image(host, "acme/app", "1"), null, Cancel)).Fault?.Kind);
        var missing = await client.FindAsync(Image(host, "acme/app", "2"), good, Cancel);
        Assert.Equal(
            (FaultKind.NotFound, $"{host} has no tag 2 of acme/app, or no such image"), (missing.Fault!.Kind, missing.Fault.Message));
        Assert.Equal(
            $"{host} has no image acme/none", (await client.FindAsync(Image(host, "acme/none", "1"), good, Cancel)).Fault?.Message);

        // A password is sent only to the registry itself, if it accepts Basic, or to its token service.
        var seen = Internet.Requests.Where(request => request.Authorization?.StartsWith("Basic", StringComparison.Ordinal) == true)
            .Select(request => request.Host).Distinct();
        Assert.Equal([registry.Realm is null ? registry.Origin : new Uri(registry.Realm).Host], seen);
    }

    [Fact]
    public async Task An_image_is_described_by_its_platforms_and_size()
    {
        var (_, host) = Open("ghcr.io");
        var described = await Internet.Client().DescribeAsync(Image(host, "acme/app", "1"), Ada, Platform.Parse("linux/arm64"), Cancel);
        Assert.True(described.Ok, described.Fault?.Message);
        Assert.Equal(["linux/amd64", "linux/arm64"], described.Value.Platforms.Select(platform => platform.ToString()));
        Assert.Equal(RegistryLike.AppDigest, described.Value.Digest.Value);
        Assert.NotEqual(described.Value.Digest, described.Value.Chosen);
        Assert.InRange(described.Value.Size!.Value, 1001, 1100);
    }

    [Theory]
    [InlineData("acme/arm")]
    [InlineData("acme/single")]
    public async Task An_image_for_another_platform_is_named_as_that(string path)
    {
        var (_, host) = Open("harbor.example.org");
        var answer = await Internet.Client().DescribeAsync(Image(host, path, "1"), Ada, Platform.Parse("linux/amd64"), Cancel);
        Assert.Equal(
            (FaultKind.WrongPlatform, $"{host}/{path}:1 is there for linux/arm64, and not for linux/amd64"),
            (answer.Fault!.Kind, answer.Fault.Message));
    }

    [Fact]
    public async Task A_registry_that_gives_a_token_for_the_login_itself_is_asked_for_it_only_where_wanted()
    {
        var (_, host) = Open("mycompany.azurecr.io");
        Assert.Equal("refresh-of-ada", (await Internet.Client().LoginAsync(Host(host), Ada, offline: true, Cancel)).Token?.RefreshToken);
        Assert.Null((await Internet.Client().LoginAsync(Host(host), Ada, offline: false, Cancel)).Token?.RefreshToken);
    }

    [Theory]
    [InlineData("https://auth.evil.example/token")]
    [InlineData("http://registry.example.org/token")]
    [InlineData("https://ada:pw@registry.example.org/token")]
    [InlineData("https://example.com/token")]
    public async Task A_login_goes_to_no_strange_realm(string realm)
    {
        Internet.Serve("registry.example.org", http => Challenge(http, $"Bearer realm=\"{realm}\",service=\"x\""));
        Internet.Serve("auth.evil.example", http => http.Response.WriteAsync("""{"token":"t"}"""));
        var answer = await Internet.Client().FindAsync(Image("registry.example.org", "acme/app", "1"), Ada, Cancel);
        Assert.Equal(FaultKind.RealmRefused, answer.Fault!.Kind);
        Assert.Contains("BERTH_TOKEN_REALMS", answer.Fault!.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(Internet.Requests, request => request.Authorization is not null);
    }

    [Fact]
    public async Task A_listed_realm_gets_the_login()
    {
        Internet.Serve(
            "registry.example.org",
            http => http.Request.Headers.Authorization == "Bearer t"
                ? http.Response.WriteAsync("{}")
                : Challenge(http, "Bearer realm=\"https://auth.example.net/token\""));
        Internet.Serve("auth.example.net", http => http.Response.WriteAsync("""{"access_token":"t"}"""));
        Assert.True((await Internet.Client("auth.example.net").LoginAsync(Host("registry.example.org"), Ada, offline: false, Cancel)).Ok);
    }

    [Theory]
    [InlineData(307, "https://other.example.org/v2/")]
    [InlineData(302, "https://other.example.org/v2/")]
    public async Task A_redirect_never_carries_the_login(int status, string target)
    {
        var basic = "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"ada:{RegistryLike.Password}"));
        Internet.Serve("registry.example.org", http =>
        {
            if (http.Request.Headers.Authorization != basic)
            {
                return Challenge(http, "Basic realm=\"x\"");
            }

            http.Response.StatusCode = status;
            http.Response.Headers.Location = target;
            return Task.CompletedTask;
        });
        Internet.Serve("other.example.org", http => Challenge(http, "Basic realm=\"x\""));
        var answer = await Internet.Client().FindAsync(Image("registry.example.org", "acme/app", "1"), Ada, Cancel);
        Assert.False(answer.Ok);
        Assert.Contains(Internet.Requests, request => request.Host == "other.example.org");
        Assert.DoesNotContain(Internet.Requests, request => request.Host == "other.example.org" && request.Authorization is not null);
    }

    [Fact]
    public async Task Unreachable_unknown_untrusted_and_plain_hosts_are_told_apart()
    {
        RequestDelegate open = http => http.Response.WriteAsync("{}");
        Internet.Serve("selfsigned.example.org", open);
        Internet.Certify("selfsigned.example.org", trusted: false);
        Internet.Serve("othername.example.org", open);
        Internet.Certify("othername.example.org", name: "www.example.org");
        Internet.Serve("expired.example.org", open);
        Internet.Certify("expired.example.org", fromDay: -90);
        Internet.ServePlain("plain.example.org", open);
        foreach (var (host, outcome, words) in new[]
        {
            ("nosuch.example.org", FaultKind.UnknownHost, "the name nosuch.example.org cannot be found in DNS"),
            ("down.example.org", FaultKind.Unreachable, "down.example.org cannot be reached: Connection refused"),
            (
                "selfsigned.example.org", FaultKind.UntrustedCertificate,
                "nobody that this server trusts has signed it; an authority of your own goes into BERTH_CA_FILE"),
            ("othername.example.org", FaultKind.UntrustedCertificate, "it is for another name"),
            ("expired.example.org", FaultKind.UntrustedCertificate, "it has expired, or is not valid yet"),
            ("plain.example.org", FaultKind.PlainHttp, "plain.example.org speaks plain http, over which no login is sent"),
        })
        {
            var answer = await Internet.Client().LoginAsync(Host(host), Ada, offline: false, Cancel);
            Assert.Equal((host, outcome), (host, answer.Fault!.Kind));
            Assert.Contains(words, answer.Fault!.Message, StringComparison.Ordinal);
        }

        Assert.DoesNotContain(Internet.Requests, request => request.Authorization is not null);
    }

    [Fact]
    public async Task Addresses_inside_are_not_reached_and_the_setting_is_named()
    {
        var outgoing = new OutgoingOptions();
        using var http = new RemoteHttp(outgoing, new OutgoingNetworks(outgoing), TimeProvider.System);
        var client = new RegistryClient(http, new RealmRule(new RegistryLoginOptions()), new AddressOptions(), TimeProvider.System);
        foreach (var host in new[] { "127.0.0.1:5001", "169.254.169.254", "10.0.0.1:5000", "[::1]:5000" })
        {
            var answer = await client.LoginAsync(Host(host), Ada, offline: false, Cancel);
            Assert.Equal((host, FaultKind.AddressRefused), (host, answer.Fault!.Kind));
            Assert.Contains("BERTH_ALLOWED_NETWORKS", answer.Fault!.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task What_no_registry_answers_is_told_in_one_line()
    {
        var long_ = new string('x', 5 * 1024 * 1024);
        Dictionary<string, RequestDelegate> hosts = new()
        {
            ["www.example.org"] = http => Status(http, 404, "<html>no</html>"),
            ["broken.example.org"] = http => Status(http, 503, "sorry"),
            [
                "limited.example.org"] = http => Status(
                    http, 429,
                    """{"errors":[{"code":"TOOMANYREQUESTS","message":"You have reached your pull rate limit.\u001b[31m\nmore"}]}"""),
            ["half.example.org"] = http => Status(http, 403, """{"errors":[{"code":"DENIED","message":"\ud800"}]}"""),
            ["mute.example.org"] = http => Status(http, 401, ""),
            ["negotiate.example.org"] = http => Challenge(http, "Negotiate"),
            ["norealm.example.org"] = http => Challenge(http, "Bearer realm=\"ftp://x/\""),
            ["notoken.example.org"] = http => http.Request.Path == "/token"
                ? http.Response.WriteAsync("{}")
                : Challenge(http, "Bearer realm=\"https://notoken.example.org/token\""),
            ["headertoken.example.org"] = http => http.Request.Path == "/token"
                ? http.Response.WriteAsync("""{"token":"a\r\nX-Evil: 1"}""")
                : Challenge(http, "Bearer realm=\"https://headertoken.example.org/token\""),
            ["huge.example.org"] = http => http.Request.Path == "/v2/" ? http.Response.WriteAsync("{}") : Typed(http, long_),
            ["loop.example.org"] = http => Redirect(http, "https://loop.example.org/v2/"),
            ["down2.example.org"] = http => Redirect(http, "http://loop.example.org/v2/"),
            ["html.example.org"] = http => http.Request.Path == "/v2/" ? http.Response.WriteAsync("{}") : Typed(http, "<html>"),
            ["liar.example.org"] = http => http.Request.Path == "/v2/"
                ? http.Response.WriteAsync("{}")
                : Typed(http, "{}", "sha256:" + new string('0', 64)),
        };
        foreach (var (host, answer) in hosts)
        {
            Internet.Serve(host, answer);
            var said = await Internet.Client().DescribeAsync(Image(host, "acme/app", "1"), Ada, Platform.Parse("linux/amd64"), Cancel);
            Assert.False(said.Ok, host);
            Assert.DoesNotContain(said.Fault!.Message, c => char.IsControl(c));
            Assert.InRange(said.Fault!.Message.Length, 10, 500);
            Assert.DoesNotContain(RegistryLike.Password, said.Fault!.Message, StringComparison.Ordinal);
            Assert.Equal(
                host switch
                {
                    "limited.example.org" => FaultKind.RateLimited,
                    "broken.example.org" => FaultKind.Unreachable,
                    _ => FaultKind.Unusable,
                },
                said.Fault!.Kind);
        }
    }

    [Fact]
    public async Task A_registry_that_echoes_the_login_does_not_bring_it_into_a_log()
    {
        Internet.Serve("echo.example.org", async http =>
        {
            if (http.Request.Headers.Authorization.Count == 0)
            {
                await Challenge(http, "Basic realm=\"x\"");
                return;
            }

            await Status(
                http, 403,
                $$"""{"errors":[{"code":"DENIED","message":"you sent {{http.Request.Headers.Authorization}} that is {{RegistryLike.Password}}"}]}""");
        });
        var answer = await Internet.Client().FindAsync(Image("echo.example.org", "acme/app", "1"), Ada, Cancel);
        Assert.Equal(FaultKind.Denied, answer.Fault!.Kind);
        Assert.Contains("you sent Basic ******** that is ********", answer.Fault!.Message, StringComparison.Ordinal);
    }

    private (RegistryLike Registry, string Host) Open(string server)
    {
        var registry = RegistryLike.All.Single(r => r.Server == server);
        registry.Open(Internet);
        Assert.True(RegistryServer.TryParse(server, out var parsed, out _));
        return (registry, parsed.Host.Value);
    }

    private static Task Challenge(HttpContext http, string challenge)
    {
        http.Response.Headers.WWWAuthenticate = challenge;
        return Status(http, 401, "");
    }

    private static Task Redirect(HttpContext http, string target)
    {
        http.Response.Headers.Location = target;
        return Status(http, 302, "");
    }

    private static Task Status(HttpContext http, int status, string body)
    {
        http.Response.StatusCode = status;
        return HttpMethods.IsHead(http.Request.Method) ? Task.CompletedTask : http.Response.WriteAsync(body);
    }

    private static Task Typed(HttpContext http, string body, string? digest = null)
    {
        http.Response.ContentType = "application/vnd.oci.image.manifest.v1+json";
        if (digest is not null)
        {
            http.Response.Headers["Docker-Content-Digest"] = digest;
        }

        return Status(http, 200, body);
    }

    private static RegistryHost Host(string text) => TestImage.Host(text);

    private static RemoteImage Image(string host, string path, string tag) => TestImage.Of($"{host}/{path}:{tag}");
}
