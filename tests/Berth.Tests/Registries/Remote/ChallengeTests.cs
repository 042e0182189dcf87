using Berth.Server.Registries.Remote;
using Berth.Server.Registries;

namespace Berth.Tests.Registries.Remote;

public sealed class ChallengeTests
{
    [Theory]
    [InlineData(
        """Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a/b:pull" """, "Bearer",
        "https://auth.docker.io/token", "registry.docker.io")]
    [InlineData("""bearer Realm = "https://a/t" , service=x""", "bearer", "https://a/t", "x")]
    [InlineData("""Basic realm="x", Bearer realm="https://a/t",service="s" """, "Bearer", "https://a/t", "s")]
    [InlineData("""Basic realm="a \"quoted\" name" """, "Basic", "a \"quoted\" name", null)]
    [InlineData("""Negotiate, Basic realm="x" """, "Basic", "x", null)]
    [InlineData("""Bearer service="s", Basic realm="x" """, "Basic", "x", null)]
    [InlineData("""Bearer realm="https://a/t",service="",error="invalid_token" """, "Bearer", "https://a/t", "")]
    [InlineData("Bearer realm=\"https://a/t", "Bearer", "https://a/t", null)]
    public void The_best_challenge_of_a_header_is_read(string header, string scheme, string realm, string? service)
    {
        var best = Challenge.Best([header])!;
        Assert.Equal((scheme, realm, service), (best.Scheme, best["realm"], best["service"]));
    }

    [Theory]
    [InlineData("")]
    [InlineData("Negotiate")]
    [InlineData("=,\"=\"==")]
    [InlineData("Bearer")]
    public void Nothing_usable_is_nothing(string header) => Assert.Null(Challenge.Best([header]));

    [Theory]
    [InlineData("registry.gitlab.com", "gitlab.com")]
    [InlineData("registry-1.docker.io", "docker.io")]
    [InlineData("a.b.example.co.uk", "example.co.uk")]
    [InlineData("mycompany.azurecr.io", "mycompany.azurecr.io")]
    [InlineData("x.acme.github.io", "acme.github.io")]
    [InlineData("azurecr.io", null)]
    [InlineData("co.uk", null)]
    [InlineData("localhost", null)]
    [InlineData("192.0.2.1", null)]
    [InlineData("[2001:db8::1]", null)]
    [InlineData("example.org.", "example.org")]
    [InlineData("a..example.org", null)]
    public void The_registrable_domain_is_one_label_more_than_a_public_suffix(string host, string? domain) =>
        Assert.Equal(domain, RegistrableDomain.Of(host));

    [Theory]
    [InlineData("https://registry-1.docker.io", "https://auth.docker.io/token", true)]
    [InlineData("https://registry.example.org:5000", "https://registry.example.org:5001/auth", true)]
    [InlineData("https://registry.example.org", "https://auth.example.org/t", true)]
    [InlineData("https://registry.example.org", "http://auth.example.org/t", false)]
    [InlineData("https://registry.example.org", "http://registry.example.org/t", false)]
    [InlineData("https://a.azurecr.io", "https://b.azurecr.io/t", false)]
    [InlineData("https://a.co.uk", "https://b.co.uk/t", false)]
    [InlineData("https://192.0.2.1", "https://192.0.2.2/t", false)]
    [InlineData("https://registry.example.org", "https://listed.example.net/t", true)]
    [InlineData("https://registry.example.org", "https://example.org.evil.example/t", false)]
    [InlineData("http://localhost:5001", "http://localhost:5002/token", true)]
    [InlineData("http://127.0.0.1:5001", "http://localhost:5002/token", true)]
    [InlineData("http://localhost:5001", "http://registry.example.org/token", false)]
    [InlineData("http://localhost:5001", "https://evil.example/token", false)]
    public void A_login_goes_to_the_registry_its_domain_and_listed_hosts(string registry, string realm, bool allowed) =>
        Assert.Equal(
            allowed,
            new RealmRule(new RegistryLoginOptions { TokenRealms = "listed.example.net" }).Allows(new Uri(registry), new Uri(realm)));
}
