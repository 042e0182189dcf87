namespace Berth.Bench.Rows;

/// <summary>Uses a new process in each round, so that the peak comes only from this work.</summary>
internal sealed class PublishMemoryRow : Row
{
    private const int Publishes = 16;
    private const int Size = 100_000_000;

    private readonly List<string> _documents = [];
    private BenchOptions? _options;

    public override string Name => "publish-memory";

    public override string Work => "peak memory, 16 npm publishes of 100 MB at once";

    public override string Unit => "MB";

    public override double Target => 250;

    public override bool Absolute => true;

    public override async Task PrepareAsync(BenchOptions options, CancellationToken cancellationToken)
    {
        _options = options;
        for (var one = 0; one < Publishes; one++)
        {
            var document = Path.Combine(options.Work, $"publish-{one}.json");
            await NpmClient.WriteDocumentAsync(document, $"@bench/big-{one}", "1.0.0", Size, cancellationToken);
            _documents.Add(document);
        }
    }

    public override async Task<double> MeasureBerthAsync(int round, CancellationToken cancellationToken)
    {
        await using var server = new BerthServer(Path.Combine(_options!.Work, "publish-memory-berth"), _options.ServerDll);
        await server.StartAsync(cancellationToken);
        var client = NpmClient.Of(server);
        await Task.WhenAll(_documents.Select((document, one) => client.PublishAsync($"@bench/big-{one}", document, cancellationToken)));
        return server.PeakMemory();
    }

    public override Task<double?> MeasurePeerAsync(int round, CancellationToken cancellationToken) => Task.FromResult<double?>(null);

    public override ValueTask DisposeAsync()
    {
        _documents.ForEach(File.Delete);
        return ValueTask.CompletedTask;
    }
}
