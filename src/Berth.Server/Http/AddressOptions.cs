using System.ComponentModel.DataAnnotations;
using Berth.Server.Settings;
using Microsoft.Extensions.Options;

namespace Berth.Server.Http;

/// <summary>The names under which clients reach the server, and which proxies are trusted to report them.</summary>
internal sealed partial class AddressOptions : IValidatableObject
{
    [Setting("the URL that clients use: token realm and links are made of it. "
        + "Plain http only for loopback, or behind a proxy in `BERTH_TRUSTED_PROXIES`")]
    [HttpUrl(OriginOnly = true)]
    public string Url { get; set; } = "http://localhost:5000";

    [Setting("`true`: the registry is served on `containers.HOST` and nowhere else. "
        + "Needs a DNS name in `BERTH_URL` and a certificate for `HOST` and `*.HOST`")]
    public bool Subdomains { get; set; }

    [Setting("where forwarded ports of codespaces open in a browser, as `NAME-PORT.DOMAIN`; needs DNS for `*.DOMAIN`, and its certificate "
        + "where `BERTH_URL` is https. Best a domain of its own, on the public suffix list: never the host of `BERTH_URL` or above it",
        Default = "off, but `localhost` where `BERTH_URL` is loopback")]
    [DnsName("ports.example.com")]
    public string? PortsDomain { get; set; }

    [Setting("whose `X-Forwarded-For`, `-Proto` and `-Host` are believed")]
    [Networks]
    public string? TrustedProxies { get; set; }

    /// <summary>Names are in ASCII (IDNA), as in Host headers and names of images.</summary>
    public Uri BaseUri
    {
        get
        {
            var url = new Uri(Url.TrimEnd('/'), UriKind.Absolute);
            return url.IdnHost != url.Host && url.HostNameType == UriHostNameType.Dns
                ? new UriBuilder(url) { Host = url.IdnHost }.Uri
                : url;
        }
    }

    /// <summary>The name in images' names, with the port if it is not the scheme's default: <c>localhost:5000</c>.</summary>
    public string RegistryHost => AuthorityOf(Surface.Registry);

    /// <summary>Every name that clients reach the server under, without ports.</summary>
    public IEnumerable<string> HostNames => Surface.All.Select(HostOf).Distinct(StringComparer.Ordinal);

    /// <summary>The npm registry's URL without a slash at the end: a path of the server, or the root of its own host.</summary>
    public string NpmUrl => Subdomains
        ? $"{BaseUri.Scheme}://{AuthorityOf(Surface.Npm)}"
        : $"{BaseUri.GetLeftPart(UriPartial.Authority)}/npm";

    /// <summary>The host with the npm registry at its root. Null when there is none.</summary>
    public string? NpmOwnHost => Subdomains ? HostOf(Surface.Npm) : null;

    /// <summary>The origin of the registry's token endpoint.</summary>
    public string RegistryOrigin => $"{BaseUri.Scheme}://{RegistryHost}";

    /// <summary>
    /// What follows name and port in the address of a forwarded port, with Berth's own port: <c>localhost:5000</c>. Null: ports are not
    /// served.
    /// </summary>
    public string? PortsHost => (PortsDomain?.ToLowerInvariant() ?? (BaseUri.IsLoopback ? "localhost" : null)) is { } domain
        ? domain + (BaseUri.IsDefaultPort ? "" : $":{BaseUri.Port}")
        : null;

    /// <summary>The name of the host that serves a surface.</summary>
    public string HostOf(Surface surface) => (Subdomains ? surface.Subdomain : "") + BaseUri.Host;

    /// <summary><see cref="HostOf"/>, with the port if it is not the scheme's default.</summary>
    public string AuthorityOf(Surface surface) => (Subdomains ? surface.Subdomain : "") + BaseUri.Authority;

    /// <summary>The rules that concern two settings.</summary>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (!Uri.TryCreate(Url, UriKind.Absolute, out var url))
        {
            yield break;
        }

        if (url.Scheme == "http" && !url.IsLoopback && TrustedProxies is null)
        {
            yield return new("BERTH_URL may be plain http only for loopback, or behind a proxy named in BERTH_TRUSTED_PROXIES");
        }

        if (url.HostNameType == UriHostNameType.Dns && url.Host.EndsWith('.'))
        {
            yield return new("BERTH_URL must have no dot at the end of its host: clients send the name without it");
        }

        if (Subdomains && (url.HostNameType != UriHostNameType.Dns || url.Host == "localhost"))
        {
            yield return new("BERTH_SUBDOMAINS needs a DNS name in BERTH_URL, not an address or localhost");
        }

        // A codespace's ports must not be served from a parent domain of the API's host, because they could set cookies for it.
        var domain = PortsDomain?.ToLowerInvariant();
        if (domain is not (null or "localhost")
            && (url.Host == domain || url.Host.EndsWith("." + domain, StringComparison.OrdinalIgnoreCase)))
        {
            yield return new(
                "BERTH_PORTS_DOMAIN must not be the host of BERTH_URL or above it: what codespaces serve could set cookies for it");
        }
        else if (domain == "localhost" && !url.IsLoopback)
        {
            yield return new("BERTH_PORTS_DOMAIN may be localhost only where BERTH_URL is loopback");
        }
    }

    [OptionsValidator]
    internal sealed partial class Validator : IValidateOptions<AddressOptions>;
}
