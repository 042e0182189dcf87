using System.Threading.Channels;

namespace Berth.Server.Codespaces.Builds;

/// <summary>
/// Knows which repositories have a build under way. The layers of a running build have no name yet, just like those that an ended build
/// left. Only this tells them apart.
/// </summary>
internal sealed class RunningBuilds : IDisposable
{
    private readonly SemaphoreSlim _sweeping = new(1);
    private readonly Channel<bool> _leftOver = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly Lock _lock = new();
    private readonly Dictionary<string, int> _running = new(StringComparer.Ordinal);
    private readonly HashSet<string> _ended = new(StringComparer.Ordinal);

    /// <summary>Gets a message when a build that was cut off has left layers that no other build can be using.</summary>
    public ChannelReader<bool> LeftOver => _leftOver.Reader;

    /// <summary>Begins a build. Waits while layers are being removed.</summary>
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

    /// <summary>
    /// Runs a sweep over layers. The sweep gets the labels of the repositories that are being built now, and leaves their layers alone. No
    /// build begins meanwhile.
    /// </summary>
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

/// <summary>A build that is under way until this is disposed.</summary>
internal sealed class RunningBuild(Action<bool> end) : IDisposable
{
    /// <summary>
    /// The build came to an end by itself. Layers of a failed build are kept for the next try. A build that was cut off leaves layers that
    /// are to be removed.
    /// </summary>
    public bool IsOver { get; set; }

    public void Dispose() => end(IsOver);
}
