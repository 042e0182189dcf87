using System.Text;
using System.Text.Json.Nodes;
using Berth.Server.Access;
using Berth.Server.Codespaces.Images;
using Berth.Server.Faults;
using Berth.Server.Http;
using Berth.Server.Oci;
using Berth.Server.Registries;
using Berth.Server.Registries.Ecr;
using Berth.Tests.Registries.Remote;
using static Berth.Server.Registries.SecretLevel;

namespace Berth.Tests.Codespaces.Images;

/// <summary>A codespace's docker configuration, and the logins with which images and features are requested.</summary>
public sealed class DockerLoginsTests : IAsyncLifetime
{
    private readonly List<string> _log = [];
    private TestInternet? _internet;

    private TestInternet Internet => _internet!;

    public async ValueTask InitializeAsync()
    {
        _internet = await TestInternet.StartAsync();
        foreach (var registry in RegistryLike.All)
        {
            registry.Open(_internet);
        }
    }

    public async ValueTask DisposeAsync() => await Internet.DisposeAsync();

    [Fact]
    public async Task Each_host_has_its_login_under_the_key_that_docker_looks_for()
    {
        var logins = await CollectAsync(
            Set("HUB", "https://index.docker.io/v1/"), Set("GHCR", "ghcr.io"), Set("PATHS", "harbor.example.org/acme"));
        var hosts = JsonNode.Parse(logins.ToJson())!["auths"]!.AsObject();
        Assert.Equal(["localhost:5000", "https://index.docker.io/v1/", "ghcr.io"], hosts.Select(host => host.Key));
        Assert.Equal("codespace:berthc_token", Decoded(hosts, "localhost:5000"));
        Assert.Equal($"ada:{RegistryLike.Password}", Decoded(hosts, "ghcr.io"));
        Assert.Null(logins.RefreshAt);
        Assert.Contains(
            "harbor.example.org: PATHS at user level counts below harbor.example.org/acme; docker's configuration knows hosts only, so "
                + "there is no login for harbor.example.org in it",
            _log);
    }

    [Fact]
    public async Task What_a_registry_rejects_is_left_out_so_that_public_images_can_be_pulled()
    {
        var logins = await CollectAsync(Set("GHCR", "ghcr.io", password: "old-password"));
        Assert.Equal("localhost:5000", Assert.Single(logins.Logins).Key);
        Assert.Contains(
            _log,
            line => line.Contains("ghcr.io does not accept user name and password", StringComparison.Ordinal)
                && line.Contains("GHCR at user level", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_login_whose_realm_is_foreign_is_left_out()
    {
        Internet.Serve("registry.example.org", http =>
        {
            http.Response.StatusCode = 401;
            http.Response.Headers.WWWAuthenticate = "Bearer realm=\"https://auth.evil.example/token\",service=\"x\"";
            return Task.CompletedTask;
        });
        Assert.Single((await CollectAsync(Set("X", "registry.example.org"))).Logins);
        await Assert.ThrowsAsync<FaultException>(
            () => AuthoriseAsync([Set("X", "registry.example.org")], "registry.example.org/acme/features/go:1"));
        Assert.Contains(
            _log,
            line => line.Contains("auth.evil.example", StringComparison.Ordinal)
                && line.Contains("trying without a login", StringComparison.Ordinal));
        Assert.DoesNotContain(Internet.Requests, request => request.Authorization is not null);
    }

    [Fact]
    public async Task Azure_gets_a_token_in_place_of_the_password_and_it_is_refreshed()
    {
        var logins = await CollectAsync(Set("ACR", "mycompany.azurecr.io"));
        var entry = JsonNode.Parse(logins.ToJson())!["auths"]!["mycompany.azurecr.io"]!;
        Assert.Equal("refresh-of-ada", (string?)entry["identitytoken"]);
        Assert.Equal("ada:", Encoding.UTF8.GetString(Convert.FromBase64String((string)entry["auth"]!)));
        Assert.Equal(Internet.Clock.GetUtcNow().AddHours(1), logins.RefreshAt);
        Assert.DoesNotContain(
            Convert.ToBase64String(Encoding.UTF8.GetBytes(RegistryLike.Password)), logins.ToJson(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Images_and_features_are_asked_for_with_the_login_of_their_own_path()
    {
        LoginSecrets[] sets = [Set("ALL", "ghcr.io", password: "old-password"), Set("ACME", "ghcr.io/acme")];
        var allowed = await AuthoriseAsync(sets, "ghcr.io/acme/app:1");
        Assert.Equal(new RegistryLogin("ada", RegistryLike.Password), allowed.Login);
        Assert.Equal("ACME at user level", allowed.By);
        Assert.DoesNotContain(
            Internet.Requests,
            request => request.Authorization?.Contains(Convert.ToBase64String("ada:old-password"u8), StringComparison.Ordinal) == true);
    }

    [Fact]
    public async Task A_persons_own_login_wins_and_berths_old_one_is_replaced()
    {
        var before = await CollectAsync(Set("GHCR", "ghcr.io"));
        var mine = JsonNode.Parse(before.ToJson())!.AsObject();
        mine["auths"]!["localhost:5000"] = new JsonObject { ["auth"] = "bWluZTpteXRva2Vu" };
        mine["auths"]!["quay.io"] = new JsonObject { ["auth"] = "bWluZTpx" };
        mine["credsStore"] = "pass";
        var after = new DockerLogins(
            [new DockerLogin("localhost:5000", "codespace", "next", null, null), new DockerLogin("ghcr.io", "ada", "new", null, null)]);
        var written = JsonNode.Parse(after.MergeInto(mine.ToJsonString(), before))!.AsObject();
        var hosts = written["auths"]!.AsObject();
        Assert.Equal("pass", (string?)written["credsStore"]);
        Assert.Equal("mine:mytoken", Decoded(hosts, "localhost:5000"));
        Assert.Equal("mine:q", Decoded(hosts, "quay.io"));
        Assert.Equal("ada:new", Decoded(hosts, "ghcr.io"));
        Assert.Equal(after.ToJson(), after.MergeInto("not json", before));
        Assert.Equal(after.ToJson(), after.MergeInto(null, null));

        // Whatever a program inside has written into the file, the codespace can be stopped.
        Assert.Equal(after.ToJson(), after.MergeInto("""{"auths":{},"auths":{}}""", before));
        Assert.Equal(after.ToJson(), after.MergeInto("""{"auths":{"ghcr.io":{"auth":"\ud800"}}}""", before));
        Assert.Equal(after.ToJson(), after.MergeInto("""{"\udc00":1}""", before));
    }

    private static string Decoded(JsonObject hosts, string host) =>
        Encoding.UTF8.GetString(Convert.FromBase64String((string)hosts[host]!["auth"]!));

    private Task<DockerLogins> CollectAsync(params LoginSecrets[] sets) =>
        Collector().RunAsync(Start(sets), TestContext.Current.CancellationToken);

    private Task<AuthorisedImage> AuthoriseAsync(LoginSecrets[] sets, string text) =>
        ImageReference.TryParse(text, out var image, out var fault)
            ? Access().AuthoriseAsync(image, Start(sets), TestContext.Current.CancellationToken)
            : throw new InvalidOperationException(fault);

    private CollectDockerLogins Collector() => new(Access(), Internet.Client(), new AddressOptions(), Internet.Clock);

    private RegistryAccess Access() =>
        new(
            null!, null!, new ExchangeLogin(new EcrTokens(Internet.Http(), new RegistryLoginOptions(), Internet.Clock)), Internet.Client(),
            null!);

    private StartCredentials Start(LoginSecrets[] sets) => new(
        new CodespacePrincipal(1, "c", 1, "acme/app", 1, "ada", 0), "berthc_token", new ResolvedLogins(sets, []), [], CanWrite: true,
        (_, line) => _log.Add(line), _ => { });

    private static LoginSecrets Set(string prefix, string server, string password = RegistryLike.Password)
    {
        Assert.True(RegistryServer.TryParse(server, out var parsed, out _));
        return new LoginSecrets { Prefix = prefix, Level = User, Server = parsed, User = "ada", Password = password, Version = "1" };
    }
}
