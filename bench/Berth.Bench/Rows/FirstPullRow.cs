using System.Diagnostics;

namespace Berth.Bench.Rows;

/// <summary>Pulls what was just pushed, and pulls it again, since the first pull must not be the slow one.</summary>
internal sealed class FirstPullRow : Row
{
    private const int Blobs = 3;
    private readonly BigBlob _blob = new();
    private BerthServer? _berth;
    private string[] _digests = [];

    public override string Name => "first-pull";

    public override string Work => "first blob GET after its push, 200 MB";

    public override string Unit => "MB/s";

    public override double Target => 0.9;

    public override string Peer => "a later GET";

    public override async Task PrepareAsync(BenchOptions options, CancellationToken cancellationToken)
    {
        _berth = new BerthServer(Path.Combine(options.Work, "first-pull-berth"), options.ServerDll);
        await _berth.StartAsync(cancellationToken);
        await MeasureBerthAsync(-1, cancellationToken);
        await MeasurePeerAsync(-1, cancellationToken);
    }

    public override async Task<double> MeasureBerthAsync(int round, CancellationToken cancellationToken)
    {
        var client = await RegistryClient.OpenAsync(_berth!, "big", cancellationToken);
        var digests = new string[Blobs];
        for (var i = 0; i < Blobs; i++)
        {
            (var content, digests[i]) = _blob.Next();
            await client.PushBlobAsync(content, digests[i], cancellationToken);
        }

        _digests = digests;
        return await PullAsync(client, cancellationToken);
    }

    /// <summary>The second pulls of Berth's last measurement.</summary>
    public override async Task<double?> MeasurePeerAsync(int round, CancellationToken cancellationToken) =>
        await PullAsync(await RegistryClient.OpenAsync(_berth!, "big", cancellationToken), cancellationToken);

    public override async ValueTask DisposeAsync() => await (_berth?.DisposeAsync() ?? ValueTask.CompletedTask);

    private async Task<double> PullAsync(RegistryClient client, CancellationToken cancellationToken)
    {
        var clock = Stopwatch.StartNew();
        foreach (var digest in _digests)
        {
            var url = new Uri(client.Url("blobs/" + digest));
            if (await Download.RunAsync(url, client.Authorization, cancellationToken) is var size && size != BigBlob.Size)
            {
                throw new InvalidOperationException($"{url} gave {size} bytes of {BigBlob.Size}");
            }
        }

        return BigBlob.Size / 1e6 * Blobs / clock.Elapsed.TotalSeconds;
    }
}
