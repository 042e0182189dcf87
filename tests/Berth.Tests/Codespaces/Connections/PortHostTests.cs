using Berth.Server.Codespaces.Connections.Ports;
using Berth.Server.Http;

namespace Berth.Tests.Codespaces.Connections;

public sealed class PortHostTests
{
    private static readonly AddressOptions Local = new() { Url = "http://localhost:5000" };
    private static readonly AddressOptions Own = new() { Url = "https://berth.example.com", PortsDomain = "ports.example.net" };

    [Theory]
    [InlineData("ada-app-1-8080.ports.example.net", "ada-app-1", 8080)]
    [InlineData("ADA-App-1-1.Ports.Example.net", "ada-app-1", 1)]
    [InlineData("a-65535.ports.example.net", "a", 65535)]
    public void A_host_names_codespace_and_port(string name, string codespace, int port)
    {
        Assert.True(PortHost.IsBelow(Own, name, out var host));
        Assert.Equal(new PortHost(codespace, port), host);
        Assert.Equal($"https://{codespace}-{port}.ports.example.net", host!.Url(Own));
    }

    [Theory]
    [InlineData("x.ports.example.net")]
    [InlineData("app-0.ports.example.net")]
    [InlineData("app-65536.ports.example.net")]
    [InlineData("app-080.ports.example.net")]
    [InlineData("evil.app-80.ports.example.net")]
    [InlineData("-80.ports.example.net")]
    public void Any_other_host_below_the_domain_serves_nothing_of_Berths(string name)
    {
        Assert.True(PortHost.IsBelow(Own, name, out var host));
        Assert.Null(host);
    }

    [Theory]
    [InlineData("berth.example.com")]
    [InlineData("ports.example.net")]
    [InlineData("app-80.ports.example.net.evil.test")]
    [InlineData("app-80xports.example.net")]
    public void Berths_own_host_is_no_port(string name) => Assert.False(PortHost.IsBelow(Own, name, out _));

    [Fact]
    public void Where_Berth_is_localhost_ports_are_below_it()
    {
        Assert.True(PortHost.IsBelow(Local, "app-8080.localhost", out var host));
        Assert.Equal("http://app-8080.localhost:5000", host!.Url(Local));
        Assert.False(PortHost.IsBelow(Local, "containers.localhost", out _));
    }

    [Fact]
    public void Without_a_domain_there_are_none() =>
        Assert.False(PortHost.IsBelow(new AddressOptions { Url = "https://berth.example.com" }, "app-80.berth.example.com", out _));
}
