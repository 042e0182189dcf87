namespace Berth.Server.Codespaces.Steps;

/// <summary>Limits how long something may take. The caller can also cancel it earlier.</summary>
internal sealed class TimeLimit : IDisposable
{
    private readonly CancellationTokenSource _expired;
    private readonly CancellationTokenSource _either;

    public TimeLimit(TimeSpan longest, TimeProvider time, CancellationToken cancellationToken)
    {
        _expired = new CancellationTokenSource(longest, time);
        _either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _expired.Token);
    }

    /// <summary>Cancelled when the time is over or when the caller cancels.</summary>
    public CancellationToken Token => _either.Token;

    public bool HasExpired => _expired.IsCancellationRequested;

    /// <summary>From here on it may take as long as it likes.</summary>
    public void Lift() => _expired.CancelAfter(Timeout.InfiniteTimeSpan);

    public void Dispose()
    {
        _either.Dispose();
        _expired.Dispose();
    }
}
