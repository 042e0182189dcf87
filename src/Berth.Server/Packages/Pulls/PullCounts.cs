namespace Berth.Server.Packages.Pulls;

/// <summary>The pulls of one version since they were last written to the database.</summary>
internal sealed record PullTally(long Count, DateTimeOffset LastAt)
{
    public PullTally And(PullTally other) => new(Count + other.Count, LastAt > other.LastAt ? LastAt : other.LastAt);
}

/// <summary>
/// Counts pulls in memory, so that a pull writes nothing to the database. <see cref="WritePulls"/> takes the counts every few seconds.
/// There is one small entry for each version that was pulled meanwhile.
/// </summary>
internal sealed class PullCounts(TimeProvider time)
{
    private readonly Lock _lock = new();
    private Dictionary<long, PullTally> _counts = [];

    /// <summary>Counts a pull: the content was sent.</summary>
    public void Pulled(long versionId) => Add(versionId, new PullTally(1, time.GetUtcNow()));

    /// <summary>
    /// Records the time when a client asked whether its content is current, and it was. For an image that runs on many machines there may
    /// never be another sign of use.
    /// </summary>
    public void Checked(long versionId) => Add(versionId, new PullTally(0, time.GetUtcNow()));

    public IReadOnlyDictionary<long, PullTally> Take()
    {
        lock (_lock)
        {
            var taken = _counts;
            _counts = [];
            return taken;
        }
    }

    /// <summary>Puts back counts that could not be written.</summary>
    public void PutBack(IEnumerable<KeyValuePair<long, PullTally>> taken)
    {
        foreach (var (versionId, pulls) in taken)
        {
            Add(versionId, pulls);
        }
    }

    private void Add(long versionId, PullTally pulls)
    {
        lock (_lock)
        {
            _counts[versionId] = _counts.TryGetValue(versionId, out var before) ? before.And(pulls) : pulls;
        }
    }
}
