namespace Berth.Bench.Rows;

internal sealed class StartRow : Row
{
    private BerthServer? _berth;

    public override string Name => "start";

    public override string Work => "process start to 200 on /readyz, 100,000 tags stored";

    public override string Unit => "s";

    public override double Target => 1.5;

    public override bool Absolute => true;

    public override async Task PrepareAsync(BenchOptions options, CancellationToken cancellationToken)
    {
        _berth = new BerthServer(Path.Combine(options.Work, "start-berth"), options.ServerDll);
        await _berth.StartAsync(cancellationToken);
        await ManyTags.FillAsync(_berth, "many", 100_000, cancellationToken);
    }

    public override async Task<double> MeasureBerthAsync(int round, CancellationToken cancellationToken)
    {
        await _berth!.StopAsync();
        return await _berth.StartAsync(cancellationToken);
    }

    public override Task<double?> MeasurePeerAsync(int round, CancellationToken cancellationToken) => Task.FromResult<double?>(null);

    public override async ValueTask DisposeAsync() => await (_berth?.DisposeAsync() ?? ValueTask.CompletedTask);
}
