namespace Berth.Bench.Rows;

/// <summary>A row that does the same work at a fresh Berth and at a fresh docker-registry, both running side by side.</summary>
internal abstract class BesideDockerRegistry : Row
{
    private BerthServer? _berth;
    private DockerRegistry? _peer;

    public override async Task PrepareAsync(BenchOptions options, CancellationToken cancellationToken)
    {
        _berth = new BerthServer(Path.Combine(options.Work, Name + "-berth"), options.ServerDll);
        _peer = new DockerRegistry(Path.Combine(options.Work, Name + "-docker-registry"));
        await _berth.StartAsync(cancellationToken);
        await _peer.StartAsync(cancellationToken);
        await FillAsync(_berth, cancellationToken);
        await FillAsync(_peer, cancellationToken);
    }

    public override Task<double> MeasureBerthAsync(int round, CancellationToken cancellationToken) => MeasureAsync(_berth!, round, cancellationToken);

    public override async Task<double?> MeasurePeerAsync(int round, CancellationToken cancellationToken) => await MeasureAsync(_peer!, round, cancellationToken);

    public override async ValueTask DisposeAsync()
    {
        await (_berth?.DisposeAsync() ?? ValueTask.CompletedTask);
        await (_peer?.DisposeAsync() ?? ValueTask.CompletedTask);
    }

    protected virtual Task FillAsync(ServerProcess server, CancellationToken cancellationToken) => Task.CompletedTask;

    protected abstract Task<double> MeasureAsync(ServerProcess server, int round, CancellationToken cancellationToken);
}
