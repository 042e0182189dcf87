using Berth.Server.Http;

namespace Berth.Server.Registry.Authorization;

/// <summary>
/// The Bearer challenge of every 401 and 403. Without it clients that cached a token for another repository would not ask for a new one.
/// Realm and service are in quotes, since some clients cannot read anything else (RFC 6750 section 3).
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
