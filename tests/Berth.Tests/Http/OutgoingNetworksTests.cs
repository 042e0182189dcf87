using System.Net;
using System.Net.Sockets;
using Berth.Server.Http;

namespace Berth.Tests.Http;

public sealed class OutgoingNetworksTests
{
    private static readonly IPAddress[] Own = [IPAddress.Parse("8.8.4.4"), IPAddress.Parse("2606:4700::5")];

    [Theory]
    [InlineData("8.8.8.8")]
    [InlineData("1.1.1.1")]
    [InlineData("192.0.1.1")]
    [InlineData("172.32.0.1")]
    [InlineData("2606:4700::1111")]
    [InlineData("::ffff:8.8.8.8")]
    public void Addresses_of_the_internet_may_be_reached(string address) => Assert.True(Allows(null, address));

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("127.8.9.10")]
    [InlineData("0.0.0.0")]
    [InlineData("10.1.2.3")]
    [InlineData("100.64.0.1")]
    [InlineData("169.254.169.254")]
    [InlineData("172.16.0.1")]
    [InlineData("172.31.255.255")]
    [InlineData("192.168.1.1")]
    [InlineData("192.0.2.1")]
    [InlineData("198.18.0.1")]
    [InlineData("198.51.100.1")]
    [InlineData("203.0.113.1")]
    [InlineData("224.0.0.1")]
    [InlineData("255.255.255.255")]
    [InlineData("::")]
    [InlineData("::1")]
    [InlineData("fe80::1")]
    [InlineData("fc00::1")]
    [InlineData("fd12:3456::1")]
    [InlineData("ff02::1")]
    [InlineData("64:ff9b::7f00:1")]
    [InlineData("2001:db8::1")]
    [InlineData("2002:7f00:1::")]
    [InlineData("2001:0:7f00:1::")]
    [InlineData("::ffff:127.0.0.1")]
    [InlineData("::ffff:10.0.0.1")]
    public void Addresses_that_are_not_globally_routable_may_not(string address) => Assert.False(Allows(null, address));

    [Theory]
    [InlineData("8.8.4.4")]
    [InlineData("::ffff:8.8.4.4")]
    [InlineData("2606:4700::5")]
    public void This_machines_own_addresses_may_not_however_public(string address) => Assert.False(Allows(null, address));

    [Theory]
    [InlineData("10.0.0.0/8", "git.test", "10.1.2.3", true)]
    [InlineData("10.0.0.0/8", "git.test", "11.1.2.3", true)]
    [InlineData("10.0.0.0/8", "git.test", "192.168.0.1", false)]
    [InlineData("127.0.0.1", "git.test", "127.0.0.1", true)]
    [InlineData("127.0.0.1", "git.test", "127.0.0.2", false)]
    [InlineData("127.0.0.1", "git.test", "::ffff:127.0.0.1", true)]
    [InlineData("8.8.4.4", "git.test", "8.8.4.4", true)]
    [InlineData("git.test", "git.test", "192.168.0.1", true)]
    [InlineData("git.test", "GIT.test.", "192.168.0.1", true)]
    [InlineData("git.test", "evil.git.test", "192.168.0.1", false)]
    [InlineData("10.0.0.0/8, git.test", "other.test", "127.0.0.1", false)]
    public void The_setting_adds_networks_addresses_and_hosts(string setting, string host, string address, bool allowed) =>
        Assert.Equal(allowed, Allows(setting, address, host));

    [Fact]
    public async Task A_refused_name_says_the_address_and_the_setting()
    {
        var networks = new OutgoingNetworks(new OutgoingOptions());
        var refusal = await Assert.ThrowsAsync<OutgoingRefusedException>(
            () => networks.ResolveAsync("localhost", TestContext.Current.CancellationToken));
        Assert.Contains("localhost (", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("BERTH_ALLOWED_NETWORKS", refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("registry.invalid")]
    [InlineData("Registry.INVALID.")]
    [InlineData("invalid")]
    public async Task Names_that_cannot_exist_do_not_whatever_the_resolver_says(string host)
    {
        // Every address is allowed here, so if the name resolved, there would be an answer.
        var networks = new OutgoingNetworks(new OutgoingOptions { AllowedNetworks = "0.0.0.0/0,::/0" });
        var exception = await Assert.ThrowsAsync<SocketException>(() => networks.ResolveAsync(host, TestContext.Current.CancellationToken));
        Assert.Equal(SocketError.HostNotFound, exception.SocketErrorCode);
    }

    [Fact]
    public async Task A_client_that_connects_through_it_reaches_nothing_that_is_refused()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var client = new HttpClient(
            new SocketsHttpHandler { ConnectCallback = new OutgoingNetworks(new OutgoingOptions()).ConnectAsync });
        var refusal = await Assert.ThrowsAsync<HttpRequestException>(
            () => client.GetAsync(
                new Uri($"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/"), TestContext.Current.CancellationToken));
        Assert.IsType<OutgoingRefusedException>(refusal.InnerException);
        Assert.False(listener.Pending());
    }

    private static bool Allows(string? setting, string address, string host = "git.test") =>
        new OutgoingNetworks(new OutgoingOptions { AllowedNetworks = setting }).Allows(host, IPAddress.Parse(address), Own);
}
