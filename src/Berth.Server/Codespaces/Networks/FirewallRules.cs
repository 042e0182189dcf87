using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Berth.Server.Http;

namespace Berth.Server.Codespaces.Networks;

/// <summary>The facts from which the firewall's rules are made.</summary>
/// <param name="Allowed">The networks that <c>BERTH_ALLOWED_NETWORKS</c> adds to the globally routable addresses.</param>
/// <param name="Port">The port on which Berth listens. Sandboxes fetch from its registry.</param>
/// <param name="Berth">The addresses of Berth's own URL. A loopback address is left out, since it is answered inside each
/// codespace.</param>
internal sealed record FirewallFacts(
    string Table, string BridgePrefix, IReadOnlyList<string> Bridges, (int First, int Last) Users, IReadOnlyList<IPAddress> Resolvers,
    IReadOnlyList<IPNetwork> Allowed, int? Port,
    IReadOnlyList<IPEndPoint> Berth);

/// <summary>
/// Writes Berth's own nftables table. A table of its own with earlier hooks, because a packet that one table drops is dropped whatever the
/// others say, and because the engine rewrites only its own chains: neither a restart of the engine nor a new network of it can put a rule
/// in front of these.
/// <code>
/// container ──► input    this machine: name servers and Berth's own URL alone
///           ──► forward  its own network, name servers, globally routable addresses, BERTH_ALLOWED_NETWORKS; never link-local
/// anybody   ──► forward  into a codespace's network: answers alone
/// sandbox   ──► output   by user: as forward, and Berth's own port
/// </code>
/// </summary>
internal static class FirewallRules
{
    private static readonly IPNetwork LinkLocal = IPNetwork.Parse("169.254.0.0/16");

    public static string Remove(string table) => $"table inet {table} {{\n}}\ndelete table inet {table}\n";

    /// <summary>Writes the whole table anew, in one transaction of the kernel.</summary>
    public static string Write(FirewallFacts facts)
    {
        var own = $"\"{facts.BridgePrefix}*\"";
        var text = new StringBuilder(Remove(facts.Table));
        text.Append(CultureInfo.InvariantCulture, $"table inet {facts.Table} {{\n");
        if (facts.Bridges.Count > 0)
        {
            text.Append("  set within { type ifname . ifname; elements = { ");
            text.AppendJoin(", ", facts.Bridges.Select(bridge => $"\"{bridge}\" . \"{bridge}\"")).Append(" } }\n");
        }

        Chain(text, "input", "type filter hook input priority -10; policy accept;", [$"iifname {own} jump to_machine"]);
        Chain(
            text, "to_machine", null,
            ["ct state established,related accept", .. NameServers(facts), .. Berth(facts), "reject with icmpx admin-prohibited"]);
        Chain(text, "forward", "type filter hook forward priority -10; policy accept;",
        [
            .. facts.Bridges.Count > 0 ? ["iifname . oifname @within accept"] : Array.Empty<string>(),
            $"iifname {own} jump from_codespace",
            $"oifname {own} ct state established,related accept",
            $"oifname {own} reject with icmpx admin-prohibited",
        ]);

        // Between two codespaces both directions apply. No container can send into another codespace's network, whose addresses are not
        // global.
        Chain(text, "from_codespace", null,
            [
                "ct state established,related accept", $"oifname {own} reject with icmpx admin-prohibited", .. NameServers(facts),
                .. Berth(facts), .. Outside(facts, linkLocalToo: false),
            ]);
        Chain(
            text, "output", "type filter hook output priority -10; policy accept;",
            [$"meta skuid {facts.Users.First}-{facts.Users.Last} jump from_sandbox"]);
        Chain(text, "from_sandbox", null,
        [
            "ct state established,related accept", .. NameServers(facts), .. Berth(facts),
            .. facts.Port is { } port ? [$"fib daddr type local tcp dport {port} accept"] : Array.Empty<string>(),
            .. Outside(facts, linkLocalToo: true),
        ]);
        return text.Append("}\n").ToString();
    }

    /// <summary>
    /// The rules for addresses outside. The setting's networks come first, since they are not global. The machine's own addresses are never
    /// allowed.
    /// </summary>
    private static IEnumerable<string> Outside(FirewallFacts facts, bool linkLocalToo)
    {
        const string Reject = "reject with icmpx admin-prohibited";
        if (!linkLocalToo)
        {
            yield return $"ip daddr {LinkLocal} {Reject}";
            yield return $"ip6 daddr {{ fe80::/10, ff00::/8 }} {Reject}";
        }

        foreach (var (family, protocol) in new[] { (AddressFamily.InterNetwork, "ip"), (AddressFamily.InterNetworkV6, "ip6") })
        {
            foreach (var network in facts.Allowed.Where(network => network.BaseAddress.AddressFamily == family))
            {
                yield return $"{protocol} daddr {network} accept";
            }
        }

        yield return $"fib daddr type local {Reject}";
        yield return $"ip daddr {{ {NotGlobal(AddressFamily.InterNetwork)} }} {Reject}";
        yield return $"ip6 daddr != {OutgoingNetworks.GlobalUnicast} {Reject}";
        yield return $"ip6 daddr {{ {NotGlobal(AddressFamily.InterNetworkV6)} }} {Reject}";
    }

    private static string NotGlobal(AddressFamily family) =>
        string.Join(", ", OutgoingNetworks.NotGlobal.Where(network => network.BaseAddress.AddressFamily == family));

    private static IEnumerable<string> NameServers(FirewallFacts facts)
    {
        foreach (var resolver in facts.Resolvers)
        {
            var protocol = resolver.AddressFamily == AddressFamily.InterNetwork ? "ip" : "ip6";
            yield return $"{protocol} daddr {resolver} meta l4proto {{ tcp, udp }} th dport 53 accept";
        }
    }

    /// <summary>Allows the one port of Berth, on this machine or on a proxy in front of it.</summary>
    private static IEnumerable<string> Berth(FirewallFacts facts) => facts.Berth.Select(place =>
        $"{(place.AddressFamily == AddressFamily.InterNetwork ? "ip" : "ip6")} daddr {place.Address} tcp dport {place.Port} accept");

    private static void Chain(StringBuilder text, string name, string? hook, IEnumerable<string> rules)
    {
        text.Append(CultureInfo.InvariantCulture, $"  chain {name} {{\n");
        foreach (var line in hook is null ? rules : rules.Prepend(hook))
        {
            text.Append("    ").Append(line).Append('\n');
        }

        text.Append("  }\n");
    }
}
