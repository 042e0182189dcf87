namespace Berth.Bench;

/// <summary>One line of the table: some work, done at Berth and at what it is compared with, and the figure to reach.</summary>
internal abstract class Row : IAsyncDisposable
{
    public abstract string Name { get; }

    public abstract string Work { get; }

    public abstract string Unit { get; }

    /// <summary>The least ratio to the peer, or with <see cref="Absolute"/> the most that Berth may need.</summary>
    public abstract double Target { get; }

    /// <summary>The figure itself is limited, in <see cref="Unit"/>; the peer is shown for comparison where there is one.</summary>
    public virtual bool Absolute => false;

    /// <summary>The figure is a time: <see cref="Target"/> is the most that the ratio to the peer may be.</summary>
    public virtual bool AtMost => false;

    public virtual string Peer => "docker-registry";

    /// <summary>Starts and fills what is measured; called once.</summary>
    public abstract Task PrepareAsync(BenchOptions options, CancellationToken cancellationToken);

    public abstract Task<double> MeasureBerthAsync(int round, CancellationToken cancellationToken);

    /// <summary>Null where there is nothing to compare with.</summary>
    public abstract Task<double?> MeasurePeerAsync(int round, CancellationToken cancellationToken);

    public abstract ValueTask DisposeAsync();
}

internal sealed record RowResult(Row Row, IReadOnlyList<double> Berth, IReadOnlyList<double> Peer)
{
    public double BerthMedian => Median(Berth);

    public double? PeerMedian => Peer.Count == 0 ? null : Median(Peer);

    public double? Ratio => BerthMedian / PeerMedian;

    public bool Reached => Row.Absolute ? BerthMedian <= Row.Target : Row.AtMost ? Ratio <= Row.Target : Ratio >= Row.Target;

    private static double Median(IReadOnlyList<double> values)
    {
        var sorted = values.Order().ToArray();
        return sorted.Length % 2 == 1 ? sorted[sorted.Length / 2] : (sorted[(sorted.Length / 2) - 1] + sorted[sorted.Length / 2]) / 2;
    }
}

/// <summary>Runs a row in rounds, Berth and its peer taking turns to go first, so that a slow minute of the machine meets both.</summary>
internal static class RowRunner
{
    public static async Task<RowResult> RunAsync(Row row, BenchOptions options, CancellationToken cancellationToken)
    {
        List<double> berth = [];
        List<double> peer = [];
        try
        {
            await row.PrepareAsync(options, cancellationToken);
            for (var round = 0; round < options.Rounds; round++)
            {
                if (round % 2 == 0)
                {
                    await PeerAsync(round);
                    berth.Add(await row.MeasureBerthAsync(round, cancellationToken));
                }
                else
                {
                    berth.Add(await row.MeasureBerthAsync(round, cancellationToken));
                    await PeerAsync(round);
                }

                Console.Error.WriteLine(
                    $"  round {round + 1}: {berth[^1]:0.0} {row.Unit}, {row.Peer} {(peer.Count > 0 ? $"{peer[^1]:0.0}" : "-")}");
            }
        }
        finally
        {
            await row.DisposeAsync();
        }

        return new RowResult(row, berth, peer);

        async Task PeerAsync(int round)
        {
            if (await row.MeasurePeerAsync(round, cancellationToken) is { } value)
            {
                peer.Add(value);
            }
        }
    }
}
