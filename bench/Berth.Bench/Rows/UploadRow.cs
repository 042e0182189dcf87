using System.Diagnostics;

namespace Berth.Bench.Rows;

internal sealed class UploadRow() : SideBySide(Sides.BesideDockerRegistry)
{
    private readonly BigBlob _blob = new();

    protected override string Noun => "upload";

    protected override string What => "blob push, 200 MB, POST+PATCH+PUT";

    public override string Unit => "MB/s";

    public override double Target => 2.5;

    protected override async Task<double> MeasureAsync(ServerProcess server, int round, CancellationToken cancellationToken)
    {
        var client = await RegistryClient.OpenAsync(server, "big", cancellationToken);
        var (content, digest) = _blob.Next();
        var clock = Stopwatch.StartNew();
        await client.PushBlobAsync(content, digest, cancellationToken);
        return BigBlob.Size / 1e6 / clock.Elapsed.TotalSeconds;
    }
}
