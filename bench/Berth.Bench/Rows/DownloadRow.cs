using System.Diagnostics;

namespace Berth.Bench.Rows;

internal sealed class DownloadRow(int streams, double target) : SideBySide(Sides.BesideDockerRegistry)
{
    private readonly BigBlob _blob = new();

    protected override string Noun => $"download-{streams}";

    protected override string What => $"blob GET, 200 MB, {streams} stream{(streams == 1 ? "" : "s")}";

    public override string Unit => "MB/s";

    public override double Target => target;

    protected override async Task FillAsync(ServerProcess server, CancellationToken cancellationToken)
    {
        var client = await RegistryClient.OpenAsync(server, "big", cancellationToken);
        var (content, digest) = _blob.Next();
        await client.PushBlobAsync(content, digest, cancellationToken);
        Digests[server] = digest;
        // Read once first, so that both servers begin with a cached file.
        await DownloadAllAsync(server, cancellationToken);
    }

    private Dictionary<ServerProcess, string> Digests { get; } = [];

    protected override Task<double> MeasureAsync(ServerProcess server, int round, CancellationToken cancellationToken) =>
        DownloadAllAsync(server, cancellationToken);

    /// <summary>Each stream downloads twice, one after the other, which is long enough to measure.</summary>
    private async Task<double> DownloadAllAsync(ServerProcess server, CancellationToken cancellationToken)
    {
        const int Times = 2;
        var client = await RegistryClient.OpenAsync(server, "big", cancellationToken);
        var url = new Uri(client.Url("blobs/" + Digests[server]));
        var clock = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, streams).Select(_ => Task.Run(StreamAsync, cancellationToken)));
        return BigBlob.Size / 1e6 * streams * Times / clock.Elapsed.TotalSeconds;

        async Task StreamAsync()
        {
            for (var i = 0; i < Times; i++)
            {
                if (await Download.RunAsync(url, client.Authorization, cancellationToken) is var size && size != BigBlob.Size)
                {
                    throw new InvalidOperationException($"{url} gave {size} bytes of {BigBlob.Size}");
                }
            }
        }
    }
}
