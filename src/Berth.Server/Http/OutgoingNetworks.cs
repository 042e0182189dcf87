using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Berth.Server.Settings;

namespace Berth.Server.Http;

/// <summary>
/// Decides which addresses Berth's own requests (clones, registries, webhooks) may reach: globally routable ones that are not this
/// machine's, and those that <c>BERTH_ALLOWED_NETWORKS</c> adds. It judges the address that is connected to, never only a name, so that no
/// name can lead into the internal network.
/// </summary>
internal sealed class OutgoingNetworks(OutgoingOptions options)
{
    /// <summary>The setting that a refusal mentions.</summary>
    public const string Setting = "BERTH_ALLOWED_NETWORKS";

    /// <summary>Networks that are not globally reachable, from IANA's special-purpose registries (RFC 6890 and its updates).</summary>
    public static readonly IPNetwork[] NotGlobal =
    [
        .. new[]
        {
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24",
            "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24",
            "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
            "2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20",
        }.Select(IPNetwork.Parse),
    ];

    public static readonly IPNetwork GlobalUnicast = IPNetwork.Parse("2000::/3");

    private readonly string[] _allowed = NetworkList.Split(options.AllowedNetworks);

    /// <summary>
    /// Whether an address that <paramref name="host"/> resolved to may be reached. <paramref name="ownAddresses"/> are this machine's.
    /// </summary>
    public bool Allows(string host, IPAddress address, IReadOnlyCollection<IPAddress> ownAddresses)
    {
        address = Plain(address);
        return _allowed.Any(entry => Matches(entry, host, address))
            || (IsGlobal(address) && !ownAddresses.Any(own => Plain(own).Equals(address)));
    }

    /// <summary>Resolves <paramref name="host"/> and returns its addresses if all of them are allowed.</summary>
    /// <exception cref="OutgoingRefusedException">An address is not allowed. The message names the setting.</exception>
    /// <exception cref="SocketException">The name does not resolve.</exception>
    public async Task<IPAddress[]> ResolveAsync(string host, CancellationToken cancellationToken)
    {
        var bare = host.Trim('[', ']');
        var addresses = IPAddress.TryParse(bare, out var literal) ? [literal]
            : NeverThere(bare) ? [] : await Dns.GetHostAddressesAsync(bare, cancellationToken);
        if (addresses.Length == 0)
        {
            throw new SocketException((int)SocketError.HostNotFound);
        }

        var own = OwnAddresses();
        foreach (var address in addresses)
        {
            if (!Allows(bare, address, own))
            {
                throw new OutgoingRefusedException(bare, address);
            }
        }

        return addresses;
    }

    /// <summary>
    /// For <see cref="SocketsHttpHandler.ConnectCallback"/>. Every connection, also after a redirect, goes to a checked address.
    /// </summary>
    public async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var addresses = await ResolveAsync(context.DnsEndPoint.Host, cancellationToken);
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(addresses, context.DnsEndPoint.Port, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Names below <c>invalid</c> do not exist, and no resolver is asked for them (RFC 6761 section 6.4), because some resolvers return an
    /// address for any name.
    /// </summary>
    private static bool NeverThere(string host) => ("." + host.TrimEnd('.')).EndsWith(".invalid", StringComparison.OrdinalIgnoreCase);

    private static bool Matches(string entry, string host, IPAddress address) =>
        IPNetwork.TryParse(entry, out var network) ? network.Contains(address)
        : IPAddress.TryParse(entry, out var single) ? Plain(single).Equals(address)
        : entry.Equals(host.TrimEnd('.'), StringComparison.OrdinalIgnoreCase);

    private static bool IsGlobal(IPAddress address) =>
        (address.AddressFamily == AddressFamily.InterNetwork || GlobalUnicast.Contains(address))
            && !NotGlobal.Any(network => network.Contains(address));

    /// <summary>An IPv4 address written as IPv6 (<c>::ffff:127.0.0.1</c>) reaches the IPv4 address, so it is judged as one.</summary>
    private static IPAddress Plain(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;

    private static List<IPAddress> OwnAddresses() =>
        [
            .. NetworkInterface.GetAllNetworkInterfaces()
            .SelectMany(i => i.GetIPProperties().UnicastAddresses)
            .Select(unicast => unicast.Address),
        ];
}

/// <summary>An outgoing request was not made because its address is not allowed.</summary>
internal sealed class OutgoingRefusedException(string host, IPAddress address)
    : Exception($"{(host == address.ToString() ? host : $"{host} ({address})")} is not a globally routable address of another machine; "
        + $"the server's operator can allow it by adding it to {OutgoingNetworks.Setting}");
