using Berth.Server.Registries;

namespace Berth.Tests.Registries;

public sealed class RegistryServerTests
{
    [Theory]
    [InlineData("https://index.docker.io/v1/", "docker.io", "https://index.docker.io/v1/")]
    [InlineData("index.docker.io", "docker.io", "https://index.docker.io/v1/")]
    [InlineData("docker.io", "docker.io", "https://index.docker.io/v1/")]
    [InlineData("HTTPS://Registry-1.Docker.IO/v2/", "docker.io", "https://index.docker.io/v1/")]
    [InlineData("ghcr.io", "ghcr.io", "ghcr.io")]
    [InlineData("https://ghcr.io/", "ghcr.io", "ghcr.io")]
    [InlineData("MyCompany.azurecr.io", "mycompany.azurecr.io", "mycompany.azurecr.io")]
    [InlineData(
        "123456789012.dkr.ecr.eu-west-1.amazonaws.com", "123456789012.dkr.ecr.eu-west-1.amazonaws.com",
        "123456789012.dkr.ecr.eu-west-1.amazonaws.com")]
    [InlineData("gcr.io", "gcr.io", "gcr.io")]
    [InlineData("eu.gcr.io", "eu.gcr.io", "eu.gcr.io")]
    [InlineData("us.gcr.io", "us.gcr.io", "us.gcr.io")]
    [InlineData("asia.gcr.io", "asia.gcr.io", "asia.gcr.io")]
    [InlineData("europe-docker.pkg.dev", "europe-docker.pkg.dev", "europe-docker.pkg.dev")]
    [InlineData("registry.example.org:5000", "registry.example.org:5000", "registry.example.org:5000")]
    [InlineData("https://registry.example.org:443", "registry.example.org", "registry.example.org")]
    [InlineData("http://localhost:5000/v2", "localhost:5000", "localhost:5000")]
    [InlineData("[::1]:5000", "[::1]:5000", "[::1]:5000")]
    [InlineData("[2001:DB8:0::1]", "[2001:db8::1]", "[2001:db8::1]")]
    [InlineData("192.0.2.7:5000", "192.0.2.7:5000", "192.0.2.7:5000")]
    [InlineData("registry.example.org.", "registry.example.org", "registry.example.org")]
    public void Every_spelling_of_a_server_is_one_registry(string text, string host, string key)
    {
        Assert.True(RegistryServer.TryParse(text, out var server, out _));
        Assert.Equal((host, "", key), (server.Host.Value, server.Path, server.ConfigurationKey));
    }

    [Theory]
    [InlineData("ghcr.io/acme", "ghcr.io", "acme")]
    [InlineData("https://ghcr.io/Acme/Tools/", "ghcr.io", "acme/tools")]
    [InlineData("https://europe-docker.pkg.dev/project/repo", "europe-docker.pkg.dev", "project/repo")]
    [InlineData("registry.example.org/v2/team", "registry.example.org", "team")]
    [InlineData("docker.io/acme", "docker.io", "acme")]
    public void A_server_may_carry_a_path(string text, string host, string path)
    {
        Assert.True(RegistryServer.TryParse(text, out var server, out _));
        Assert.Equal((host, path), (server.Host.Value, server.Path));
    }

    [Theory]
    [InlineData("")]
    [InlineData("https://")]
    [InlineData("ftp://ghcr.io")]
    [InlineData("user@ghcr.io")]
    [InlineData("ghcr.io?x=1")]
    [InlineData("ghcr.io#x")]
    [InlineData("ghcr .io")]
    [InlineData("ghcr.io:99999")]
    [InlineData("ghcr.io:0")]
    [InlineData("ghcr.io:")]
    [InlineData("[::1")]
    [InlineData("[127.0.0.1]")]
    [InlineData("exa_mple..org")]
    [InlineData("back\\slash")]
    public void What_is_no_server_is_said_so(string text)
    {
        Assert.False(RegistryServer.TryParse(text, out _, out var fault));
        Assert.NotEmpty(fault);
    }
}
