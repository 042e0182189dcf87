namespace Berth.Server.Codespaces.Steps;

/// <summary>How long something may take that somebody may also end.</summary>
internal sealed class TimeLimit : IDisposable
{
    private readonly CancellationTokenSource _expired;
    private readonly CancellationTokenSource _either;

    public TimeLimit(TimeSpan longest, TimeProvider time, CancellationToken cancellationToken)
    {
        _expired = new CancellationTokenSource(longest, time);
        _either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _expired.Token);
    }

    /// <summary>Its time is over, or somebody ended it.</summary>
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
