namespace Berth.Bench.Rows;

internal sealed class ManyTagsRow : Row
{
    private BerthServer? _berth;

    public override string Name => "tags";

    public override string Work => "manifest GET by tag, 100,000 tags in the repository";

    public override string Unit => "requests/s";

    public override double Target => 0.9;

    public override string Peer => "1,000 tags";

    public override async Task PrepareAsync(BenchOptions options, CancellationToken cancellationToken)
    {
        _berth = new BerthServer(Path.Combine(options.Work, "tags-berth"), options.ServerDll);
        await _berth.StartAsync(cancellationToken);
        await ManyTags.FillAsync(_berth, "few", 1_000, cancellationToken);
        await ManyTags.FillAsync(_berth, "many", 100_000, cancellationToken);
    }

    public override Task<double> MeasureBerthAsync(int round, CancellationToken cancellationToken) =>
        MeasureAsync("many", 50_000, cancellationToken);

    public override async Task<double?> MeasurePeerAsync(int round, CancellationToken cancellationToken) =>
        await MeasureAsync("few", 500, cancellationToken);

    public override async ValueTask DisposeAsync() => await (_berth?.DisposeAsync() ?? ValueTask.CompletedTask);

    private async Task<double> MeasureAsync(string name, int tag, CancellationToken cancellationToken)
    {
        var client = await RegistryClient.OpenAsync(_berth!, name, cancellationToken);
        return await Wrk.GetAsync(client, client.Url($"manifests/t{tag}"), cancellationToken);
    }
}
