using System.Threading.RateLimiting;
using Berth.Server.Faults;
using Berth.Server.Http;

namespace Berth.Server.Codespaces.Preflight;

/// <summary>
/// Limits pre-flights, since each clones a repository and waits for registries that users choose. A person runs one at a time, so that
/// nobody holds up others with slow ones. There are a few for all together, and each has a time limit.
/// </summary>
internal sealed class PreflightLimits(TimeProvider time) : IDisposable
{
    public TimeSpan Longest { get; init; } = TimeSpan.FromMinutes(5);

    private const int AtOnce = 4;
    private const int WaitingOfPerson = 5;

    private readonly PartitionedRateLimiter<long> _persons = PartitionedRateLimiter.Create<long, long>(
        user => RateLimitPartition.GetConcurrencyLimiter(
            user,
            _ => new ConcurrencyLimiterOptions
            {
                PermitLimit = 1,
                QueueLimit = WaitingOfPerson,
                QueueProcessingOrder = QueueProcessingOrder.OldestFirst,
            }));

    private readonly SemaphoreSlim _all = new(AtOnce);

    /// <param name="run">Its token is cancelled when the time is over.</param>
    /// <exception cref="ApiException">429: several pre-flights of this person are waiting already.</exception>
    /// <exception cref="FaultException">The work took too long.</exception>
    public async Task<T> WithinAsync<T>(long userId, Func<CancellationToken, Task<T>> run, CancellationToken cancellationToken)
    {
        using var turn = await _persons.AcquireAsync(userId, 1, cancellationToken);
        if (!turn.IsAcquired)
        {
            throw new ApiException(
                new ApiError(
                    429, "RATE_LIMITED",
                    "pre-flights run one at a time, and several of yours wait already; try again when they have ended"));
        }

        await _all.WaitAsync(cancellationToken);
        try
        {
            using var expired = new CancellationTokenSource(Longest, time);
            using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, expired.Token);
            return await run(ending.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new FaultException(FaultKind.TimedOut, $"the pre-flight took longer than {Longest.TotalMinutes:0} minutes and was ended");
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
