namespace Berth.Bench;

/// <summary>One row of the table: some work, done with Berth and with a peer, and the figure to reach.</summary>
internal abstract class Row : IAsyncDisposable
{
    public abstract string Name { get; }

    public abstract string Work { get; }

    public abstract string Unit { get; }

    /// <summary>The least ratio to the peer. With <see cref="Absolute"/>, the most that Berth may need.</summary>
    public abstract double Target { get; }

    /// <summary>Whether the figure itself is limited, in <see cref="Unit"/>. The peer's is shown for comparison if there is one.</summary>
    public virtual bool Absolute => false;

    /// <summary>Whether the figure is a time. Then <see cref="Target"/> is the largest allowed ratio to the peer.</summary>
    public virtual bool AtMost => false;

    public virtual string Peer => "docker-registry";

    /// <summary>Starts the servers and fills them. Called once.</summary>
    public abstract Task PrepareAsync(BenchOptions options, CancellationToken cancellationToken);

    public abstract Task<double> MeasureBerthAsync(int round, CancellationToken cancellationToken);

    /// <summary>Null when there is nothing to compare with.</summary>
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

/// <summary>Runs a row in rounds. Berth and its peer take turns to go first, so that slow minutes of the machine affect both.</summary>
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
