using System.Globalization;
using System.Net;
using Berth.Server.Access;
using Berth.Server.Authentication;

namespace Berth.Server.Api;

/// <summary>How much of a caller's limit is used.</summary>
internal sealed record RateUse(long Limit, long Used, DateTimeOffset ResetAt)
{
    public long Remaining => Math.Max(0, Limit - Used);

    public bool Exceeded => Used > Limit;
}

/// <summary>
/// Counts the requests of each caller in the present hour of the clock, in this process's memory, so that one caller with far too many
/// requests does not delay others. All tokens of a user share one count. So do the callers of one network who are not signed in.
/// </summary>
internal sealed class RateLimits(ApiOptions options, TimeProvider time)
{
    /// <summary>
    /// Callers beyond this number are not counted, which limits the memory. So many callers are not out of control at the same time.
    /// </summary>
    private const int MostCallers = 100_000;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, long> _used = new(StringComparer.Ordinal);
    private long _hour;

    /// <param name="counts">False: only looks, without counting.</param>
    public RateUse Use(Principal principal, IPAddress? address, bool counts)
    {
        var key = principal is AnonymousPrincipal ? "address:" + LoginThrottle.Network(address) : principal.Key;
        var hour = time.GetUtcNow().ToUnixTimeSeconds() / 3600;
        long used;
        lock (_lock)
        {
            if (hour != _hour)
            {
                _hour = hour;
                _used.Clear();
            }

            used = _used.GetValueOrDefault(key);
            if (counts && (used > 0 || _used.Count < MostCallers))
            {
                _used[key] = ++used;
            }
        }

        return new RateUse((long)options.ApiRequestsPerHour, used, DateTimeOffset.FromUnixTimeSeconds((hour + 1) * 3600));
    }

    /// <summary>Writes the headers that GitHub's clients read in every answer.</summary>
    public static void Tell(IHeaderDictionary headers, RateUse use)
    {
        headers["X-RateLimit-Limit"] = use.Limit.ToString(CultureInfo.InvariantCulture);
        headers["X-RateLimit-Remaining"] = use.Remaining.ToString(CultureInfo.InvariantCulture);
        headers["X-RateLimit-Used"] = use.Used.ToString(CultureInfo.InvariantCulture);
        headers["X-RateLimit-Reset"] = use.ResetAt.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        headers["X-RateLimit-Resource"] = "core";
    }
}
