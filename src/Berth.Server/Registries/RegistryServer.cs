using System.Net;
using System.Net.Sockets;

namespace Berth.Server.Registries;

/// <summary>
/// The registry that a <c>…_SERVER</c> secret names, and perhaps a path below which it counts. People write it in many ways; scheme, slashes, API version
/// and letter case are no part of it, and Docker Hub has several names.
/// </summary>
/// <param name="Host">Lower case, with a port unless it is 443; <c>docker.io</c> for Docker Hub; IPv6 in brackets.</param>
/// <param name="Path">Without slashes at the ends; empty for the whole registry.</param>
public sealed record RegistryServer(string Host, string Path)
{
    public const string DockerHub = "docker.io";

    private static readonly string[] DockerHubNames = ["docker.io", "index.docker.io", "registry-1.docker.io"];

    public bool IsDockerHub => Host == DockerHub;

    /// <summary>The key under which docker's configuration holds it. Docker Hub's is a URL of old.</summary>
    public string ConfigurationKey => IsDockerHub ? "https://index.docker.io/v1/" : Host;

    /// <summary>Longer paths count before shorter ones.</summary>
    public int PathSegments => Path.Length == 0 ? 0 : Path.Count(c => c == '/') + 1;

    public static bool TryParse(string text, out RegistryServer server, out string? fault)
    {
        server = new RegistryServer("", "");
        var value = text.Trim();
        var scheme = value.IndexOf("://", StringComparison.Ordinal);
        if (scheme >= 0)
        {
            if (!value[..scheme].Equals("https", StringComparison.OrdinalIgnoreCase) && !value[..scheme].Equals("http", StringComparison.OrdinalIgnoreCase))
            {
                return Fail($"'{value[..scheme]}' is no scheme of a registry", out fault);
            }

            value = value[(scheme + 3)..];
        }

        if (value.IndexOfAny(['@', '?', '#', '\\']) >= 0 || value.Any(char.IsWhiteSpace) || value.Any(char.IsControl))
        {
            return Fail("it must be host, host:port or host/path, without user, query or spaces", out fault);
        }

        var slash = value.IndexOf('/', StringComparison.Ordinal);
        var authority = slash < 0 ? value : value[..slash];
        if (!TryHost(authority, out var host))
        {
            return Fail(authority.Length == 0 ? "it names no host" : $"'{authority}' is no host name", out fault);
        }

        fault = null;
        server = new RegistryServer(host, slash < 0 ? "" : CleanPath(value[slash..]));
        return true;
    }

    /// <summary>The registry of an image reference; a first segment that is no host means Docker Hub, as docker reads it.</summary>
    public static (string Host, string Path) OfImage(string reference)
    {
        var name = reference;
        var at = name.IndexOf('@', StringComparison.Ordinal);
        name = at < 0 ? name : name[..at];
        var slash = name.IndexOf('/', StringComparison.Ordinal);
        var first = slash < 0 ? "" : name[..slash];
        var isHost = first.Contains('.', StringComparison.Ordinal) || first.Contains(':', StringComparison.Ordinal) || first == "localhost";
        var rest = isHost ? name[(slash + 1)..] : name;
        var colon = rest.LastIndexOf(':');
        rest = colon > rest.LastIndexOf('/') ? rest[..colon] : rest;
        if (!isHost || !TryHost(first, out var host))
        {
            host = DockerHub;
        }

        return (host, host == DockerHub && !rest.Contains('/', StringComparison.Ordinal) ? "library/" + rest : rest);
    }

    /// <summary>Whether an image of that host and path lies below this server's path, segment by segment.</summary>
    public bool Covers(string host, string path) =>
        Host == host && (Path.Length == 0 || path.Equals(Path, StringComparison.Ordinal) || path.StartsWith(Path + "/", StringComparison.Ordinal));

    public override string ToString() => Path.Length == 0 ? Host : $"{Host}/{Path}";

    private static string CleanPath(string path)
    {
        var segments = path.ToLowerInvariant().Split('/', StringSplitOptions.RemoveEmptyEntries).ToList();
        if (segments is ["v1" or "v2", ..])
        {
            segments.RemoveAt(0);
        }

        if (segments is [.., "v1" or "v2"])
        {
            segments.RemoveAt(segments.Count - 1);
        }

        return string.Join('/', segments);
    }

    private static bool TryHost(string authority, out string host)
    {
        host = authority.ToLowerInvariant();
        var port = "";
        var colon = host.LastIndexOf(':');
        if (colon >= 0 && colon > host.LastIndexOf(']'))
        {
            port = host[(colon + 1)..];
            host = host[..colon];
            if (!ushort.TryParse(port, System.Globalization.NumberStyles.None, null, out var number) || number == 0)
            {
                return false;
            }

            port = number == 443 ? "" : $":{number}";
        }

        if (host is ['[', .. var address, ']'])
        {
            if (!IPAddress.TryParse(address, out var ip) || ip.AddressFamily != AddressFamily.InterNetworkV6)
            {
                return false;
            }

            host = $"[{ip}]{port}";
            return true;
        }

        host = host.TrimEnd('.');
        if (Uri.CheckHostName(host) is not (UriHostNameType.Dns or UriHostNameType.IPv4))
        {
            return false;
        }

        host = DockerHubNames.Contains(host, StringComparer.Ordinal) && port.Length == 0 ? DockerHub : host + port;
        return true;
    }

    private static bool Fail(string reason, out string? fault)
    {
        fault = reason;
        return false;
    }
}
