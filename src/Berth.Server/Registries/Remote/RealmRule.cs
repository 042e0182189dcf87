using System.Net;
using Berth.Server.Settings;

namespace Berth.Server.Registries.Remote;

/// <summary>
/// Says where a login may go besides the registry itself: to a token realm on the registry's registrable domain over https, or to a host
/// that the operator lists. A registry that answers in plain http on this machine may name a realm that does so too.
/// </summary>
internal sealed class RealmRule(RegistryLoginOptions options)
{
    /// <summary>The setting that a refusal mentions.</summary>
    public const string Setting = "BERTH_TOKEN_REALMS";

    private readonly string[] _listed = NetworkList.Split(options.TokenRealms);

    public bool Allows(Uri registry, Uri realm)
    {
        if (realm.UserInfo.Length > 0 || !realm.IsAbsoluteUri)
        {
            return false;
        }

        if (realm.Scheme != Uri.UriSchemeHttps)
        {
            return realm.Scheme == Uri.UriSchemeHttp && registry.Scheme == Uri.UriSchemeHttp && SameMachine(registry, realm);
        }

        return realm.IdnHost.Equals(registry.IdnHost, StringComparison.OrdinalIgnoreCase)
            || _listed.Any(
                entry => entry.Equals(realm.IdnHost, StringComparison.OrdinalIgnoreCase)
                    || entry.Equals(realm.Authority, StringComparison.OrdinalIgnoreCase))
            || (RegistrableDomain.Of(registry.IdnHost) is { } domain && domain == RegistrableDomain.Of(realm.IdnHost));
    }

    /// <summary>The names are equal, or both mean this machine.</summary>
    private static bool SameMachine(Uri registry, Uri realm) =>
        registry.IdnHost.Equals(realm.IdnHost, StringComparison.OrdinalIgnoreCase) || (IsLoopback(registry) && IsLoopback(realm));

    /// <summary>Whether the host is a loopback address or the name that always means this machine (RFC 6761 section 6.3).</summary>
    public static bool IsLoopback(Uri uri) => IsLoopback(uri.IdnHost);

    public static bool IsLoopback(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
            || (IPAddress.TryParse(host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));
}
