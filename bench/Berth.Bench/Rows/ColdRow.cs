namespace Berth.Bench.Rows;

/// <summary>
/// Compares the first three seconds of a process that has just become ready with three later seconds of the same process.
/// </summary>
internal sealed class ColdRow : Row
{
    private const int Seconds = 3;

    /// <summary>How many seconds a process works before it counts as warm.</summary>
    private const int WarmAfter = 15;

    private BerthServer? _berth;

    public override string Name => "cold";

    public override string Work => "manifest GET by tag, first 3 s after 200 on /readyz";

    public override string Unit => "requests/s";

    public override double Target => 0.6;

    public override string Peer => "warm";

    public override async Task PrepareAsync(BenchOptions options, CancellationToken cancellationToken)
    {
        _berth = new BerthServer(Path.Combine(options.Work, "cold-berth"), options.ServerDll);
        await _berth.StartAsync(cancellationToken);
        var client = await RegistryClient.OpenAsync(_berth, "web", cancellationToken);
        await client.PushSmallImageAsync("latest", cancellationToken);
    }

    public override async Task<double> MeasureBerthAsync(int round, CancellationToken cancellationToken)
    {
        // A registry token stays valid over a restart, so no other request precedes the first one that is measured.
        var client = await RegistryClient.OpenAsync(_berth!, "web", cancellationToken);
        await _berth!.StopAsync();
        await _berth.StartAsync(cancellationToken);
        return await MeasureAsync(client, Seconds, cancellationToken);
    }

    public override async Task<double?> MeasurePeerAsync(int round, CancellationToken cancellationToken)
    {
        var client = await RegistryClient.OpenAsync(_berth!, "web", cancellationToken);
        await MeasureAsync(client, WarmAfter, cancellationToken);
        return await MeasureAsync(client, Seconds, cancellationToken);
    }

    public override async ValueTask DisposeAsync() => await (_berth?.DisposeAsync() ?? ValueTask.CompletedTask);

    private static Task<double> MeasureAsync(RegistryClient client, int seconds, CancellationToken cancellationToken) =>
        Wrk.GetAsync(client, client.Url("manifests/latest"), cancellationToken, seconds);
}
