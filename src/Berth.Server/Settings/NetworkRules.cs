using System.Net;
using System.Net.Sockets;

namespace Berth.Server.Settings;

/// <summary>An http or https URL.</summary>
internal sealed class HttpUrlAttribute : TextRuleAttribute
{
    /// <summary>Allows only scheme, host and port.</summary>
    public bool OriginOnly { get; set; }

    public override string Takes => OriginOnly ? "http or https URL without a path" : "http or https URL";

    protected override IEnumerable<string> Faults(string variable, string value)
    {
        if (!Uri.TryCreate(value, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https"))
        {
            return [$"{variable} must be an http or https URL, not '{value}'"];
        }

        return OriginOnly && (url.AbsolutePath != "/" || url.Query.Length > 0 || url.UserInfo.Length > 0)
            ? [$"{variable} must have no path, query or user"]
            : [];
    }
}

/// <summary>host:port to listen on.</summary>
internal sealed class ListenAddressAttribute : TextRuleAttribute
{
    public override string Takes => "host:port";

    protected override IEnumerable<string> Faults(string variable, string value) => ListenAddress.TryParse(value, out _)
        ? []
        : [$"{variable} must be host:port with a host that is localhost, * or an address, not '{value}'"];
}

/// <summary>A DNS name.</summary>
internal sealed class DnsNameAttribute(string example) : TextRuleAttribute
{
    public string Example { get; } = example;

    public override string Takes => "DNS name";

    protected override IEnumerable<string> Faults(string variable, string value) =>
        Uri.CheckHostName(value) == UriHostNameType.Dns && !value.StartsWith('.') && !value.EndsWith('.')
            ? []
            : [$"{variable} must be a DNS name such as {Example}, not '{value}'"];
}

/// <summary>An IPv4 network that is large enough for a number of smaller ones.</summary>
internal sealed class Ipv4NetworkAttribute(string example, int longestPrefix) : TextRuleAttribute
{
    public string Example { get; } = example;

    public int LongestPrefix { get; } = longestPrefix;

    public override string Takes => $"IPv4 network of at least {1L << (32 - LongestPrefix)} addresses";

    protected override IEnumerable<string> Faults(string variable, string value) =>
        IPNetwork.TryParse(value, out var network)
            && network.BaseAddress.AddressFamily == AddressFamily.InterNetwork
            && network.PrefixLength <= LongestPrefix
            ? []
            : [$"{variable} must be an {Takes} such as {Example}, not '{value}'"];
}

/// <summary>Addresses and networks, comma separated.</summary>
internal sealed class NetworksAttribute : TextRuleAttribute
{
    public bool HostsToo { get; set; }

    public override string Takes => $"addresses{(HostsToo ? ", networks and hosts" : " and networks")}, comma separated";

    protected override IEnumerable<string> Faults(string variable, string value) => NetworkList.Split(value)
        .Where(entry => !IPNetwork.TryParse(entry, out _) && !IPAddress.TryParse(entry, out _)
            && !(HostsToo && Uri.CheckHostName(entry) == UriHostNameType.Dns))
        .Select(entry => $"{variable}: '{entry}' is not an address or a network such as 10.0.0.0/8{(HostsToo ? ", nor a host name" : "")}");
}

/// <summary>A registry as images name it: with a dot or a port, or localhost, since any other name would be an account.</summary>
internal sealed class RegistryNameAttribute : TextRuleAttribute
{
    public override string Takes => "host, with its port where it has one";

    protected override IEnumerable<string> Faults(string variable, string value) =>
        Uri.TryCreate("https://" + value, UriKind.Absolute, out var uri) && uri.PathAndQuery == "/" && uri.UserInfo.Length == 0
            && !value.EndsWith('/')
            && (value == "localhost" || value.Contains('.', StringComparison.Ordinal) || value.Contains(':', StringComparison.Ordinal))
            ? []
            : [$"{variable} must be a registry as images name it, such as mirror.example.org or localhost:5001, not '{value}'"];
}

/// <summary>Hosts, with or without ports, comma separated.</summary>
internal sealed class HostsAttribute : TextRuleAttribute
{
    public override string Takes => "hosts, comma separated";

    protected override IEnumerable<string> Faults(string variable, string value) => NetworkList.Split(value)
        .Where(
            entry => !Uri.TryCreate("https://" + entry, UriKind.Absolute, out var uri)
                || uri.PathAndQuery != "/"
                || uri.UserInfo.Length > 0)
        .Select(entry => $"{variable}: '{entry}' is not a host such as auth.example.org or auth.example.org:8443");
}
