using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Berth.Server.Oci;

/// <summary>
/// A registry as <c>host</c> or <c>host:port</c>. All spellings of one registry become one value: lower case, no port 443, IPv6 in its
/// shortest form in brackets, and <c>docker.io</c> for all names of Docker Hub.
/// </summary>
internal sealed record RegistryHost
{
    public const string DockerHub = "docker.io";

    private static readonly string[] DockerHubNames = [DockerHub, "index.docker.io", "registry-1.docker.io"];

    public static RegistryHost OfDockerHub { get; } = new(DockerHub);

    private RegistryHost(string value) => Value = value;

    public string Value { get; }

    public bool IsDockerHub => Value == DockerHub;

    public static bool TryParse(string authority, [NotNullWhen(true)] out RegistryHost? host)
    {
        host = null;
        var name = authority.ToLowerInvariant();
        var port = "";
        var colon = name.LastIndexOf(':');
        if (colon >= 0 && colon > name.LastIndexOf(']'))
        {
            if (!ushort.TryParse(name[(colon + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number == 0)
            {
                return false;
            }

            port = number == 443 ? "" : $":{number}";
            name = name[..colon];
        }

        if (name is ['[', .. var address, ']'])
        {
            host = IPAddress.TryParse(address, out var ip) && ip.AddressFamily == AddressFamily.InterNetworkV6
                ? new RegistryHost($"[{ip}]{port}") : null;
            return host is not null;
        }

        name = name.TrimEnd('.');
        if (Uri.CheckHostName(name) is not (UriHostNameType.Dns or UriHostNameType.IPv4))
        {
            return false;
        }

        host = new RegistryHost(port.Length == 0 && DockerHubNames.Contains(name, StringComparer.Ordinal) ? DockerHub : name + port);
        return true;
    }

    /// <summary>
    /// Whether the first segment of an image's name is a host by docker's rule: it has a dot or a port, or is this machine.
    /// </summary>
    public static bool LooksLikeOne(string segment) =>
        segment.Contains('.', StringComparison.Ordinal) || segment.Contains(':', StringComparison.Ordinal) || segment == "localhost";

    public override string ToString() => Value;
}
