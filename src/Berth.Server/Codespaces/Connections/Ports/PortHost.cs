using Berth.Server.Http;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Berth.Server.Codespaces.Connections.Ports;

/// <summary>
/// The host name of a forwarded port, <c>NAME-PORT.DOMAIN</c>: one of its own for every port of every codespace, so that browsers keep them
/// apart.
/// </summary>
internal sealed partial record PortHost(string Codespace, int Port)
{
    /// <summary>
    /// Says whether a host name belongs to forwarded ports. <paramref name="host"/> stays null when it does but names no port.
    /// </summary>
    public static bool IsBelow(AddressOptions options, string name, out PortHost? host)
    {
        host = null;
        if (options.PortsHost is not { } portsHost)
        {
            return false;
        }

        var domain = portsHost.Split(':')[0];
        var own = options.BaseUri.Host;
        if (!name.EndsWith("." + domain, StringComparison.OrdinalIgnoreCase)
            || name.Equals(own, StringComparison.OrdinalIgnoreCase) || name.Equals("containers." + own, StringComparison.OrdinalIgnoreCase)
            || name.Equals("npm." + own, StringComparison.OrdinalIgnoreCase))
        {
            return false;
        }

        var match = Label().Match(name[..^(domain.Length + 1)].ToLowerInvariant());
        if (match.Success
            && ushort.TryParse(match.Groups["port"].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out var port)
            && port > 0)
        {
            host = new PortHost(match.Groups["name"].Value, port);
        }

        return true;
    }

    /// <summary>The URL at which the port opens, without a path.</summary>
    public string Url(AddressOptions options) => $"{options.BaseUri.Scheme}://{Codespace}-{Port}.{options.PortsHost}";

    [GeneratedRegex(
        "^(?<name>[a-z0-9][a-z0-9-]*)-(?<port>[1-9][0-9]{0,4})\\z", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Label();
}
