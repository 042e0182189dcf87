using System.Net;
using Berth.Server.Codespaces.Networks;

namespace Berth.Tests.Codespaces.Networks;

/// <summary>The rules as text. Tests with a real engine show what they do.</summary>
public sealed class FirewallRulesTests
{
    [Fact]
    public void Of_this_machine_a_codespace_reaches_name_servers_and_berths_own_port()
    {
        var machine = Chain("to_machine");
        Assert.Equal(
            [
                "ct state established,related accept", "ip daddr 10.0.0.2 meta l4proto { tcp, udp } th dport 53 accept",
                "ip daddr 10.0.0.7 tcp dport 443 accept",
                "ip6 daddr 2001:db8::7 tcp dport 443 accept", "reject with icmpx admin-prohibited",
            ], machine);
    }

    [Fact]
    public void Link_local_addresses_are_out_of_reach_before_anything_is_allowed()
    {
        var rules = Chain("from_codespace");
        Assert.True(
            rules.IndexOf("ip daddr 169.254.0.0/16 reject with icmpx admin-prohibited") < rules.IndexOf("ip daddr 169.254.0.0/17 accept"));
        Assert.Contains("oifname \"btabc*\" reject with icmpx admin-prohibited", rules);
    }

    private static List<string> Chain(string name)
    {
        var text = FirewallRules.Write(new FirewallFacts(
            "berth_abc", "btabc", ["btabc1", "btabc2"], (1000, 1999), [IPAddress.Parse("10.0.0.2")], [IPNetwork.Parse("169.254.0.0/17")],
            5000,
            [new(IPAddress.Parse("10.0.0.7"), 443), new(IPAddress.Parse("2001:db8::7"), 443)]));
        var lines = text.Split('\n', StringSplitOptions.TrimEntries).ToList();
        var start = lines.IndexOf($"chain {name} {{");
        return lines[(start + 1)..lines.IndexOf("}", start)];
    }
}
