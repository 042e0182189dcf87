using System.Threading.Channels;

namespace Berth.Server.Codespaces.Builds;

/// <summary>
/// Which repositories' builds go on. The layers that one has made so far have no name, as those that an ended one left: they are told apart
/// by this alone.
/// </summary>
internal sealed class RunningBuilds : IDisposable
{
    private readonly SemaphoreSlim _sweeping = new(1);
    private readonly Channel<bool> _leftOver = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly Lock _lock = new();
    private readonly Dictionary<string, int> _running = new(StringComparer.Ordinal);
    private readonly HashSet<string> _ended = new(StringComparer.Ordinal);

    /// <summary>Told when a build that was ended has left layers that no other build can be using.</summary>
    public ChannelReader<bool> LeftOver => _leftOver.Reader;

    /// <summary>Not while layers are being taken away.</summary>
    public async Task<RunningBuild> BeginAsync(string label, CancellationToken cancellationToken)
    {
        await _sweeping.WaitAsync(cancellationToken);
        lock (_lock)
        {
            _running[label] = _running.GetValueOrDefault(label) + 1;
        }

        _sweeping.Release();
        return new RunningBuild(whole => End(label, whole));
    }

    /// <summary>Does something about the layers of all repositories but those that are being built; none begins meanwhile.</summary>
    public async Task WithoutAsync(Func<IReadOnlySet<string>, Task> sweep, CancellationToken cancellationToken)
    {
        await _sweeping.WaitAsync(cancellationToken);
        try
        {
            HashSet<string> built;
            lock (_lock)
            {
                built = new(_running.Keys, StringComparer.Ordinal);
            }

            await sweep(built);
        }
        finally
        {
            _sweeping.Release();
        }
    }

    public void Dispose() => _sweeping.Dispose();

    private void End(string label, bool whole)
    {
        lock (_lock)
        {
            if (!whole)
            {
                _ended.Add(label);
            }

            if (--_running[label] > 0)
            {
                return;
            }

            _running.Remove(label);
            if (_ended.Remove(label))
            {
                _leftOver.Writer.TryWrite(true);
            }
        }
    }
}

/// <summary>A build that goes on until this is disposed of.</summary>
internal sealed class RunningBuild(Action<bool> end) : IDisposable
{
    /// <summary>
    /// It came to an end of its own, good or bad: of one that failed the layers are kept, for the next try. One that was cut off leaves
    /// them behind.
    /// </summary>
    public bool IsOver { get; set; }

    public void Dispose() => end(IsOver);
}
