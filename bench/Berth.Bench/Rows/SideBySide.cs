namespace Berth.Bench.Rows;

/// <summary>A row that does the same work with a new Berth and a new peer, which run at the same time.</summary>
internal abstract class SideBySide(Sides sides) : Row
{
    private ServerProcess? _berth;
    private ServerProcess? _peer;

    public sealed override string Name => Noun + sides.Suffix;

    public sealed override string Work => What + sides.Ending;

    public sealed override string Peer => sides.Peer;

    protected abstract string Noun { get; }

    protected abstract string What { get; }

    public override async Task PrepareAsync(BenchOptions options, CancellationToken cancellationToken)
    {
        _berth = sides.MakeBerth(Path.Combine(options.Work, Name + "-berth"), options);
        _peer = sides.MakePeer(Path.Combine(options.Work, Name + "-" + Peer), options);
        await _berth.StartAsync(cancellationToken);
        await _peer.StartAsync(cancellationToken);
        await FillAsync(_berth, cancellationToken);
        await FillAsync(_peer, cancellationToken);
    }

    public override Task<double> MeasureBerthAsync(int round, CancellationToken cancellationToken) =>
        MeasureAsync(_berth!, round, cancellationToken);

    public override async Task<double?> MeasurePeerAsync(int round, CancellationToken cancellationToken) =>
        await MeasureAsync(_peer!, round, cancellationToken);

    public override async ValueTask DisposeAsync()
    {
        await (_berth?.DisposeAsync() ?? ValueTask.CompletedTask);
        await (_peer?.DisposeAsync() ?? ValueTask.CompletedTask);
    }

    protected virtual Task FillAsync(ServerProcess server, CancellationToken cancellationToken) => Task.CompletedTask;

    protected abstract Task<double> MeasureAsync(ServerProcess server, int round, CancellationToken cancellationToken);
}
