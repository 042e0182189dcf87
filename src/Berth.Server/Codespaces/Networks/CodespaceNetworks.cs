using System.Globalization;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Security.Cryptography;
using Berth.Server.Codespaces.Engine;
using Berth.Server.Faults;

namespace Berth.Server.Codespaces.Networks;

/// <summary>
/// Each codespace's own network on the engine: a bridge with 32 addresses, behind Berth's firewall. It lives as long as the codespace,
/// because a stopped container belongs to it.
/// </summary>
internal sealed class CodespaceNetworks(IContainerEngine engine, CodespaceHost host, Firewall firewall, CodespaceOptions options)
{
    private const int Tries = 20;
    private const int Prefix = 27;

    public static string NameOf(Codespace codespace) => EngineNames.NetworkOf(codespace.Name);

    /// <summary>Makes the network if there is none, and checks the firewall. Runs before any container of the codespace does.</summary>
    /// <exception cref="FaultException">The network cannot be made. The message says why.</exception>
    public async Task EnsureAsync(Codespace codespace, CancellationToken cancellationToken)
    {
        var networks = await engine.NetworksAsync(cancellationToken);
        if (!networks.Any(network => IsOf(network, codespace)))
        {
            await CreateAsync(codespace, networks, cancellationToken);
        }

        await RestoreAsync(cancellationToken);
    }

    /// <summary>Removes the network after the containers. It is no error when the network is gone.</summary>
    public async Task RemoveAsync(Codespace codespace, CancellationToken cancellationToken)
    {
        var networks = await engine.NetworksAsync(cancellationToken);
        foreach (var network in networks.Where(network => IsOf(network, codespace)))
        {
            await engine.RemoveNetworkAsync(network.Id, cancellationToken);
            await RestoreAsync(cancellationToken);
        }
    }

    /// <summary>Writes the firewall's rules for the networks that exist.</summary>
    public async Task RestoreAsync(CancellationToken cancellationToken)
    {
        var networks = await engine.NetworksAsync(cancellationToken);
        var bridges = networks.Where(IsOwn).Select(network => network.Bridge).OfType<string>().Order(StringComparer.Ordinal);
        await firewall.ApplyAsync([.. bridges], cancellationToken);
    }

    /// <summary>True when there are networks to protect, but the rules are gone.</summary>
    public async Task<bool> IsOpenAsync(CancellationToken cancellationToken) =>
        (await engine.NetworksAsync(cancellationToken)).Any(IsOwn) && !await firewall.StandsAsync(cancellationToken);

    private bool IsOwn(EngineNetwork network) => network.Labels.GetValueOrDefault(BerthLabels.Host) == host.Name;

    private bool IsOf(EngineNetwork network, Codespace codespace) =>
        IsOwn(network) && network.Labels.GetValueOrDefault(BerthLabels.Codespace) == codespace.Name;

    private async Task CreateAsync(Codespace codespace, IReadOnlyList<EngineNetwork> networks, CancellationToken cancellationToken)
    {
        // An interface's name has at most 15 characters.
        var bridge = firewall.BridgePrefix + codespace.Id.ToString("x", CultureInfo.InvariantCulture);
        var labels = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            [BerthLabels.Codespace] = codespace.Name,
            [BerthLabels.Host] = host.Name,
        };
        var taken = networks.SelectMany(network => network.Subnets).Where(subnet => IPNetwork.TryParse(subnet, out _)).Select(
            IPNetwork.Parse)
            .Concat(OwnNetworks()).ToList();
        EngineException? last = null;
        foreach (var subnet in FreeOf(IPNetwork.Parse(options.CodespaceNetworks), taken, RandomNumberGenerator.GetInt32(int.MaxValue))
            .Take(Tries))
        {
            try
            {
                await engine.CreateNetworkAsync(NameOf(codespace), bridge, subnet.ToString(), labels, cancellationToken);
                return;
            }
            catch (EngineException exception) when (exception.Message.Contains("overlap", StringComparison.OrdinalIgnoreCase))
            {
                // Another server took this range first.
                last = exception;
            }
            catch (EngineException exception)
            {
                throw new FaultException(FaultKind.Host, $"the codespace's network cannot be made: {exception.Message}", exception);
            }
        }

        throw new FaultException(
                new Fault(
                FaultKind.Host, $"no addresses are left for the codespace's network in {options.CodespaceNetworks}",
                "delete codespaces, or give BERTH_CODESPACE_NETWORKS a larger network"),
            last);
    }

    /// <summary>
    /// The parts of a pool that overlap with no other network. They begin at a random one, so that two servers on one engine seldom choose
    /// the same.
    /// </summary>
    internal static IEnumerable<IPNetwork> FreeOf(IPNetwork pool, IReadOnlyCollection<IPNetwork> taken, int from)
    {
        var parts = 1 << (Prefix - pool.PrefixLength);
        var first = BitConverter.ToUInt32([.. pool.BaseAddress.GetAddressBytes().Reverse()]);
        for (var i = 0; i < parts; i++)
        {
            var address = first + ((uint)((from + (long)i) % parts) << (32 - Prefix));
            var part = new IPNetwork(new IPAddress([.. BitConverter.GetBytes(address).Reverse()]), Prefix);
            if (!taken.Any(other => other.Contains(part.BaseAddress) || part.Contains(other.BaseAddress)))
            {
                yield return part;
            }
        }
    }

    private static IEnumerable<IPNetwork> OwnNetworks() =>
        NetworkInterface.GetAllNetworkInterfaces().SelectMany(nic => nic.GetIPProperties().UnicastAddresses)
            .Where(unicast => unicast.Address.AddressFamily == AddressFamily.InterNetwork)
            .Select(unicast => new IPNetwork(BaseOf(unicast.Address, unicast.PrefixLength), unicast.PrefixLength));

    private static IPAddress BaseOf(IPAddress address, int prefix)
    {
        var bits = BitConverter.ToUInt32([.. address.GetAddressBytes().Reverse()]);
        return new IPAddress([.. BitConverter.GetBytes(prefix == 0 ? 0 : bits & (uint.MaxValue << (32 - prefix))).Reverse()]);
    }
}
