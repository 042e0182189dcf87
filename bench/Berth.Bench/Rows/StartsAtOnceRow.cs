using System.Diagnostics;
using Berth.Client.Wire;

namespace Berth.Bench.Rows;

/// <summary>
/// Twenty requests for a codespace at once: how long the last but one waits, compared with a single one that has the machine to itself.
/// </summary>
internal sealed class StartsAtOnceRow : CodespaceRow
{
    private const int Starts = 20;
    private const double Percentile = 0.95;

    public override string Name => "codespaces-at-once";

    public override string Work => "20 codespace starts at once, p95";

    public override double Target => 3;

    public override string Peer => "a single start";

    /// <summary>Twenty clients that asked as often as one does would cause most of the work.</summary>
    protected override TimeSpan Pause => TimeSpan.FromMilliseconds(250);

    protected override Task PreparePeerAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override async Task<double> MeasureBerthAsync(int round, CancellationToken cancellationToken)
    {
        var seconds = await Task.WhenAll(Enumerable.Range(0, Starts).Select(_ => OneAsync(cancellationToken)));
        foreach (var (name, _) in seconds)
        {
            await DeleteAsync(name, cancellationToken);
        }

        return seconds.Select(one => one.Seconds).Order().ElementAt((int)Math.Ceiling(Starts * Percentile) - 1);
    }

    public override async Task<double?> MeasurePeerAsync(int round, CancellationToken cancellationToken) =>
        await StartAsync(new NewCodespace(), cancellationToken);

    private async Task<(string Name, double Seconds)> OneAsync(CancellationToken cancellationToken)
    {
        var begin = Stopwatch.GetTimestamp();
        var codespace = await Client.CreateCodespaceAsync(Repository, new NewCodespace(), cancellationToken);
        await UntilAsync(codespace, "Available", cancellationToken);
        return (codespace.Name, Stopwatch.GetElapsedTime(begin).TotalSeconds);
    }
}
