using System.Threading.RateLimiting;
using Berth.Server.Http;

namespace Berth.Server.Secrets.RegistryChecks;

/// <summary>
/// Limits checks, so that they cannot be used to guess passwords or to probe other servers: a number per minute for one person, and a
/// number at once for all.
/// </summary>
internal sealed class CheckLimits : IDisposable
{
    /// <summary>The limit for one person.</summary>
    public const int PerMinute = 30;

    private const int AtOnce = 16;

    private readonly PartitionedRateLimiter<long> _persons = PartitionedRateLimiter.Create<long, long>(
        user => RateLimitPartition.GetFixedWindowLimiter(
            user, _ => new FixedWindowRateLimiterOptions { PermitLimit = PerMinute, Window = TimeSpan.FromMinutes(1), QueueLimit = 0 }));

    private readonly SemaphoreSlim _all = new(AtOnce);

    /// <exception cref="ApiException">429: the person has to wait.</exception>
    public async Task<T> WithinAsync<T>(long userId, Func<Task<T>> check, CancellationToken cancellationToken)
    {
        using var lease = _persons.AttemptAcquire(userId);
        if (!lease.IsAcquired)
        {
            throw new ApiException(
                new ApiError(429, "RATE_LIMITED", $"at most {PerMinute} checks of registries a minute; wait and try again"));
        }

        await _all.WaitAsync(cancellationToken);
        try
        {
            return await check();
        }
        finally
        {
            _all.Release();
        }
    }

    public void Dispose()
    {
        _persons.Dispose();
        _all.Dispose();
    }
}
