namespace Berth.Server.Packages.Pulls;

/// <summary>What happened to one version since it was last written down.</summary>
internal sealed record PullTally(long Count, DateTimeOffset LastAt)
{
    public PullTally And(PullTally other) => new(Count + other.Count, LastAt > other.LastAt ? LastAt : other.LastAt);
}

/// <summary>
/// Counts pulls in memory, since a pull writes nothing to the database. <see cref="WritePulls"/> takes what is here every few seconds. It
/// holds a few words for each version that was pulled meanwhile, and no more versions than there are.
/// </summary>
internal sealed class PullCounts(TimeProvider time)
{
    private readonly Lock _lock = new();
    private Dictionary<long, PullTally> _counts = [];

    /// <summary>The content was sent.</summary>
    public void Pulled(long versionId) => Add(versionId, new PullTally(1, time.GetUtcNow()));

    /// <summary>
    /// A client asked whether what it has is current, and it was. For an image that runs on many machines this is all that is ever heard.
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

    /// <summary>Puts back what could not be written.</summary>
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
