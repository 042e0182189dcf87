namespace Berth.Bench.Rows;

/// <summary>Uses new processes in each round, so that the peak comes only from this work.</summary>
internal sealed class MemoryRow : Row
{
    private const int Uploads = 64;
    private const int Size = 100_000_000;

    private BenchOptions? _options;

    public override string Name => "memory";

    public override string Work => "peak memory, 64 uploads of 100 MB at once";

    public override string Unit => "MB";

    public override double Target => 250;

    public override bool Absolute => true;

    public override Task PrepareAsync(BenchOptions options, CancellationToken cancellationToken)
    {
        _options = options;
        return Task.CompletedTask;
    }

    public override Task<double> MeasureBerthAsync(int round, CancellationToken cancellationToken) =>
        MeasureAsync(new BerthServer(Path.Combine(_options!.Work, "memory-berth"), _options.ServerDll), cancellationToken);

    public override async Task<double?> MeasurePeerAsync(int round, CancellationToken cancellationToken) =>
        await MeasureAsync(new DockerRegistry(Path.Combine(_options!.Work, "memory-docker-registry")), cancellationToken);

    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static async Task<double> MeasureAsync(ServerProcess server, CancellationToken cancellationToken)
    {
        await using (server)
        {
            await server.StartAsync(cancellationToken);
            var client = await RegistryClient.OpenAsync(server, "big", cancellationToken);
            // One array serves all uploads. Each begins at another byte.
            var content = new byte[Size + Uploads];
            new Random(2).NextBytes(content);
            var digests = Enumerable.Range(0, Uploads).Select(i => RegistryClient.Digest(content.AsSpan(i, Size))).ToArray();
            await Task.WhenAll(
                Enumerable.Range(0, Uploads).Select(i => client.PushBlobAsync(content.AsMemory(i, Size), digests[i], cancellationToken)));
            return server.PeakMemory();
        }
    }
}
