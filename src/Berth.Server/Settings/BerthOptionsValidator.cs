using System.Globalization;
using System.Net;
using Microsoft.Extensions.Options;

namespace Berth.Server.Settings;

/// <summary>Checks all settings and reports every fault in one message, named as the operator writes them.</summary>
internal sealed class BerthOptionsValidator : IValidateOptions<BerthOptions>
{
    /// <summary>The machine types of codespaces, from small to large.</summary>
    public static readonly string[] MachineNames = ["basicLinux32gb", "standardLinux32gb", "premiumLinux", "largePremiumLinux", "xLargePremiumLinux"];

    public ValidateOptionsResult Validate(string? name, BerthOptions options)
    {
        List<string> faults = [];
        CheckUrl(options, faults);
        CheckListen(options, faults);
        CheckPortsDomain(options, faults);
        CheckStores(options, faults);
        CheckFiles(options, faults);
        CheckNetworks("BERTH_TRUSTED_PROXIES", options.TrustedProxies, hostsToo: false, faults);
        CheckNetworks("BERTH_ALLOWED_NETWORKS", options.AllowedNetworks, hostsToo: true, faults);
        CheckHosts("BERTH_TOKEN_REALMS", options.TokenRealms, faults);
        CheckPositive("BERTH_MAX_CONTAINER_GIB", options.MaxContainerGiB ?? 1, faults);
        CheckPositive("BERTH_MAX_CODESPACES_PER_USER", options.MaxCodespacesPerUser, faults);
        CheckPositive("BERTH_MAX_LAYER_GIB", options.MaxLayerGiB, faults);
        CheckPositive("BERTH_MAX_MANIFEST_MIB", options.MaxManifestMiB, faults);
        CheckPositive("BERTH_UPLOAD_LIFETIME_HOURS", options.UploadLifetimeHours, faults);
        CheckPositive("BERTH_BLOB_GRACE_HOURS", options.BlobGraceHours, faults);
        CheckPositive("BERTH_DELETED_RETENTION_DAYS", options.DeletedRetentionDays, faults);
        if (!options.DockerHost.StartsWith("unix:///", StringComparison.Ordinal))
        {
            faults.Add("BERTH_DOCKER_HOST must be a local socket, unix:///PATH");
        }

        CheckCodespaces(options, faults);
        if (options.AdminToken is { Length: > 0 and < 20 })
        {
            faults.Add("BERTH_ADMIN_TOKEN must have at least 20 characters");
        }

        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }

    private static void CheckCodespaces(BerthOptions options, List<string> faults)
    {
        if (options.Workspaces is not ("image" or "folder"))
        {
            faults.Add($"BERTH_WORKSPACES must be image or folder, not '{options.Workspaces}'");
        }

        if (!string.IsNullOrEmpty(options.LargestMachine) && !MachineNames.Contains(options.LargestMachine))
        {
            faults.Add($"BERTH_LARGEST_MACHINE must be one of {string.Join(", ", MachineNames)}, not '{options.LargestMachine}'");
        }

        if (!IPNetwork.TryParse(options.CodespaceNetworks, out var network) || network.BaseAddress.AddressFamily != System.Net.Sockets.AddressFamily.InterNetwork
            || network.PrefixLength > 27)
        {
            faults.Add($"BERTH_CODESPACE_NETWORKS must be an IPv4 network of at least 32 addresses such as 10.213.0.0/16, not '{options.CodespaceNetworks}'");
        }
    }

    private static void CheckUrl(BerthOptions options, List<string> faults)
    {
        if (!Uri.TryCreate(options.Url, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https"))
        {
            faults.Add($"BERTH_URL must be an http or https URL, not '{options.Url}'");
            return;
        }

        if (url.AbsolutePath != "/" || url.Query.Length > 0 || url.UserInfo.Length > 0)
        {
            faults.Add("BERTH_URL must have no path, query or user");
        }

        if (url.Scheme == "http" && !url.IsLoopback && string.IsNullOrEmpty(options.TrustedProxies))
        {
            faults.Add("BERTH_URL may be plain http only for loopback, or behind a proxy named in BERTH_TRUSTED_PROXIES");
        }

        if (options.Subdomains && (url.HostNameType != UriHostNameType.Dns || url.Host == "localhost"))
        {
            faults.Add("BERTH_SUBDOMAINS needs a DNS name in BERTH_URL, not an address or localhost");
        }
    }

    /// <summary>What a codespace serves must not come from a parent of the API's host: it could set cookies for it.</summary>
    private static void CheckPortsDomain(BerthOptions options, List<string> faults)
    {
        if (string.IsNullOrEmpty(options.PortsDomain) || !Uri.TryCreate(options.Url, UriKind.Absolute, out var url))
        {
            return;
        }

        var domain = options.PortsDomain.ToLowerInvariant();
        if (Uri.CheckHostName(domain) != UriHostNameType.Dns || domain.StartsWith('.') || domain.EndsWith('.'))
        {
            faults.Add($"BERTH_PORTS_DOMAIN must be a DNS name such as ports.example.com, not '{options.PortsDomain}'");
        }
        else if (domain != "localhost" && (url.Host == domain || url.Host.EndsWith("." + domain, StringComparison.OrdinalIgnoreCase)))
        {
            faults.Add("BERTH_PORTS_DOMAIN must not be the host of BERTH_URL or above it: what codespaces serve could set cookies for it");
        }
        else if (domain == "localhost" && !url.IsLoopback)
        {
            faults.Add("BERTH_PORTS_DOMAIN may be localhost only where BERTH_URL is loopback");
        }
    }

    private static void CheckListen(BerthOptions options, List<string> faults)
    {
        if (!ListenAddress.TryParse(options.Listen, out _))
        {
            faults.Add($"BERTH_LISTEN must be host:port with a host that is localhost, * or an address, not '{options.Listen}'");
        }
    }

    private static void CheckStores(BerthOptions options, List<string> faults)
    {
        if (!options.DatabaseSetting.StartsWith("sqlite:", StringComparison.Ordinal)
            && !options.DatabaseSetting.StartsWith("postgres:", StringComparison.Ordinal))
        {
            faults.Add("BERTH_DATABASE must be sqlite:PATH or postgres:CONNECTION-STRING");
        }

        if (!options.BlobsSetting.StartsWith("file:", StringComparison.Ordinal))
        {
            faults.Add("BERTH_BLOBS must be file:PATH");
        }
    }

    private static void CheckFiles(BerthOptions options, List<string> faults)
    {
        if (string.IsNullOrEmpty(options.TlsCertFile) != string.IsNullOrEmpty(options.TlsKeyFile))
        {
            faults.Add("BERTH_TLS_CERT_FILE and BERTH_TLS_KEY_FILE go together");
        }

        foreach (var (variable, path) in new[]
        {
            ("BERTH_TLS_CERT_FILE", options.TlsCertFile), ("BERTH_TLS_KEY_FILE", options.TlsKeyFile), ("BERTH_CA_FILE", options.CaFile),
        })
        {
            if (!string.IsNullOrEmpty(path) && !File.Exists(path))
            {
                faults.Add($"{variable}: no such file: {path}");
            }
        }
    }

    private static void CheckNetworks(string variable, string? list, bool hostsToo, List<string> faults)
    {
        foreach (var entry in NetworkList.Split(list))
        {
            var valid = IPNetwork.TryParse(entry, out _) || IPAddress.TryParse(entry, out _)
                || (hostsToo && Uri.CheckHostName(entry) == UriHostNameType.Dns);
            if (!valid)
            {
                faults.Add($"{variable}: '{entry}' is not an address or a network such as 10.0.0.0/8{(hostsToo ? ", nor a host name" : "")}");
            }
        }
    }

    private static void CheckHosts(string variable, string? list, List<string> faults) => faults.AddRange(
        NetworkList.Split(list)
            .Where(entry => !Uri.TryCreate("https://" + entry, UriKind.Absolute, out var uri) || uri.PathAndQuery != "/" || uri.UserInfo.Length > 0)
            .Select(entry => $"{variable}: '{entry}' is not a host such as auth.example.org or auth.example.org:8443"));

    private static void CheckPositive(string variable, double value, List<string> faults)
    {
        if (!(value > 0) || double.IsInfinity(value))
        {
            faults.Add(string.Create(CultureInfo.InvariantCulture, $"{variable} must be greater than 0, not {value}"));
        }
    }
}
