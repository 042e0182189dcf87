using System.Net;

namespace Berth.Server.Registries.Remote;

/// <summary>
/// Finds the part of a name that one owner registered: one label more than a public suffix. Suffixes come from the operating system's list
/// if there is one (Debian: <c>publicsuffix</c>), and always from this short list of suffixes below which strangers have names.
/// </summary>
internal static class RegistrableDomain
{
    private const string SystemList = "/usr/share/publicsuffix/public_suffix_list.dat";

    /// <summary>Second labels below a country's domain that mean a kind of owner rather than one owner (co.uk, com.au, …).</summary>
    private static readonly HashSet<string> Kinds = new(
        [
            "ac", "asso", "co", "com", "edu", "gob", "gouv", "gov", "go", "id", "in", "info", "ltd", "me", "mil", "ne", "net", "nhs", "nom",
            "or", "org", "plc", "sch",
        ],
        StringComparer.Ordinal);

    private static readonly HashSet<string> Hosting = new(
        [
            "amazonaws.com", "amazonaws.com.cn", "on.aws", "awsapprunner.com", "cloudfront.net", "elasticbeanstalk.com", "azurecr.io",
            "azurewebsites.net", "azurecontainerapps.io",
            "cloudapp.net", "cloudapp.azure.com", "azureedge.net", "azurefd.net", "windows.net", "appspot.com", "run.app", "web.app",
            "firebaseapp.com", "cloudfunctions.net",
            "github.io", "gitlab.io", "github.dev", "gitpod.io", "herokuapp.com", "fly.dev", "onrender.com", "railway.app", "vercel.app",
            "netlify.app", "pages.dev", "workers.dev",
            "ngrok.io", "ngrok.app", "ngrok-free.app", "trycloudflare.com", "loca.lt", "nip.io", "sslip.io", "xip.io", "ts.net",
            "duckdns.org", "dyndns.org", "ddns.net", "no-ip.org",
            "deno.dev", "ondigitalocean.app", "jfrog.io", "scw.cloud", "ovh.net", "linodeusercontent.com", "your-server.de", "synology.me",
            "myqnapcloud.com", "blogspot.com",
            "aliyuncs.com", "myhuaweicloud.com", "oraclecloud.com", "appdomain.cloud", "compute.internal",
        ],
        StringComparer.Ordinal);

    private static readonly Lazy<HashSet<string>> System = new(Load);

    /// <summary>Null for addresses, single labels and public suffixes themselves, which have no registered part.</summary>
    public static string? Of(string host)
    {
        host = host.TrimEnd('.').ToLowerInvariant();
        if (IPAddress.TryParse(host.Trim('[', ']'), out _))
        {
            return null;
        }

        var labels = host.Split('.');
        var suffix = SuffixLabels(labels);
        return labels.Length > suffix && Array.TrueForAll(labels, label => label.Length > 0)
            ? string.Join('.', labels[^(suffix + 1)..])
            : null;
    }

    /// <summary>
    /// https://github.com/publicsuffix/list/wiki/Format: the longest matching rule counts. An exception removes a label. Without any rule,
    /// the suffix is one label.
    /// </summary>
    private static int SuffixLabels(string[] labels)
    {
        for (var length = labels.Length; length > 1; length--)
        {
            var name = string.Join('.', labels[^length..]);
            if (System.Value.Contains("!" + name))
            {
                return length - 1;
            }

            if (System.Value.Contains(name)
                || Hosting.Contains(name)
                || System.Value.Contains("*." + string.Join('.', labels[^(length - 1)..])))
            {
                return length;
            }
        }

        return labels.Length >= 2 && labels[^1].Length == 2 && Kinds.Contains(labels[^2]) ? 2 : 1;
    }

    private static HashSet<string> Load()
    {
        try
        {
            return File.ReadLines(SystemList).Select(line => line.Trim()).Where(
                line => line.Length > 0 && !line.StartsWith("//", StringComparison.Ordinal))
                .ToHashSet(StringComparer.Ordinal);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
