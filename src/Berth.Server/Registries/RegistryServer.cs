using System.Diagnostics.CodeAnalysis;
using Berth.Server.Oci;

namespace Berth.Server.Registries;

/// <summary>
/// The registry that a <c>…_SERVER</c> secret names, and perhaps a path to which the login is limited. People write it in many ways.
/// Scheme, slashes, API version and letter case do not matter, and Docker Hub has several names.
/// </summary>
/// <param name="Path">Without slashes at the ends. Empty: the whole registry.</param>
internal sealed record RegistryServer(RegistryHost Host, string Path)
{
    /// <summary>The key in docker's configuration. For Docker Hub it is an old URL.</summary>
    public string ConfigurationKey => Host.IsDockerHub ? "https://index.docker.io/v1/" : Host.Value;

    /// <summary>Servers with longer paths count before those with shorter ones.</summary>
    public int PathSegments => Path.Length == 0 ? 0 : Path.Count(c => c == '/') + 1;

    public static bool TryParse(string text, [NotNullWhen(true)] out RegistryServer? server, [NotNullWhen(false)] out string? fault)
    {
        server = null;
        var value = text.Trim();
        var scheme = value.IndexOf("://", StringComparison.Ordinal);
        if (scheme >= 0)
        {
            if (!value[..scheme].Equals("https", StringComparison.OrdinalIgnoreCase)
                && !value[..scheme].Equals("http", StringComparison.OrdinalIgnoreCase))
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
        if (!RegistryHost.TryParse(authority, out var host))
        {
            return Fail(authority.Length == 0 ? "it names no host" : $"'{authority}' is no host name", out fault);
        }

        fault = null;
        server = new RegistryServer(host, slash < 0 ? "" : CleanPath(value[slash..]));
        return true;
    }

    /// <summary>Whether an image of that host and path is below this server's path, compared by segments.</summary>
    public bool Covers(RegistryHost host, ImagePath path) =>
        Host == host
            && (Path.Length == 0
                || path.Value.Equals(Path, StringComparison.Ordinal)
                || path.Value.StartsWith(Path + "/", StringComparison.Ordinal));

    public override string ToString() => Path.Length == 0 ? Host.Value : $"{Host}/{Path}";

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

    private static bool Fail(string reason, [NotNull] out string? fault)
    {
        fault = reason;
        return false;
    }
}
