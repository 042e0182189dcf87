using System.ComponentModel.DataAnnotations;
using Berth.Server.Settings;
using Microsoft.Extensions.Options;

namespace Berth.Server.Http;

/// <summary>The names under which clients reach the server, and whose word on them is taken.</summary>
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

    /// <summary>Names are in ASCII (IDNA), as clients send them in Host and as images are named.</summary>
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

    /// <summary>The name that images are addressed under, with the port where it is not the scheme's own: <c>localhost:5000</c>.</summary>
    public string RegistryHost => AuthorityOf(Surface.Registry);

    /// <summary>Every name that clients reach the server under, without ports.</summary>
    public IEnumerable<string> HostNames => Surface.All.Select(HostOf).Distinct(StringComparer.Ordinal);

    /// <summary>Where the npm registry is, without a slash at the end: below the server, or at the root of its own host.</summary>
    public string NpmUrl => Subdomains
        ? $"{BaseUri.Scheme}://{AuthorityOf(Surface.Npm)}"
        : $"{BaseUri.GetLeftPart(UriPartial.Authority)}/npm";

    /// <summary>The host that has the npm registry at its root; null where none has.</summary>
    public string? NpmOwnHost => Subdomains ? HostOf(Surface.Npm) : null;

    /// <summary>The origin of the registry's token endpoint.</summary>
    public string RegistryOrigin => $"{BaseUri.Scheme}://{RegistryHost}";

    /// <summary>
    /// What follows the name and port of a forwarded port in its address, with the port of Berth: <c>localhost:5000</c>. Null: ports are
    /// not served.
    /// </summary>
    public string? PortsHost => (PortsDomain?.ToLowerInvariant() ?? (BaseUri.IsLoopback ? "localhost" : null)) is { } domain
        ? domain + (BaseUri.IsDefaultPort ? "" : $":{BaseUri.Port}")
        : null;

    /// <summary>The name of the host that serves a surface.</summary>
    public string HostOf(Surface surface) => (Subdomains ? surface.Subdomain : "") + BaseUri.Host;

    /// <summary><see cref="HostOf"/>, with the port where it is not the scheme's own.</summary>
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

        // What a codespace serves must not come from a parent of the API's host: it could set cookies for it.
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
