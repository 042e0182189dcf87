using Berth.Server.Http;

namespace Berth.Server.Registry.Authorization;

/// <summary>
/// The Bearer challenge that stands on every 401 and 403: clients that cached a token for another repository ask again only then.
/// Realm and service are quoted, since some clients read nothing else (RFC 6750 section 3).
/// </summary>
internal sealed class Challenge(AddressOptions options)
{
    private readonly string _base = $"Bearer realm=\"{options.RegistryOrigin}/token\",service=\"{options.RegistryHost}\"";

    public ApiError On(ApiError error, string? scope = null, string? code = null)
    {
        var value = _base + (scope is null ? "" : $",scope=\"{scope}\"") + (code is null ? "" : $",error=\"{code}\"");
        return error.WithHeader("WWW-Authenticate", value);
    }
}
