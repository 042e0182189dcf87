namespace Berth.Bench.Rows;

internal sealed class BlobHeadRow(Sides sides, double target) : SideBySide(sides)
{
    private static readonly byte[] Blob = [.. Enumerable.Range(0, 1024).Select(i => (byte)i)];

    protected override string Noun => "heads";

    protected override string What => "blob HEAD, 32 connections";

    public override string Unit => "requests/s";

    public override double Target => target;

    protected override async Task FillAsync(ServerProcess server, CancellationToken cancellationToken)
    {
        var client = await RegistryClient.OpenAsync(server, "web", cancellationToken);
        await client.PushSmallBlobAsync(Blob, cancellationToken);
        await client.PutManifestAsync("latest", RegistryClient.Manifest(Blob, Blob), cancellationToken);
    }

    protected override async Task<double> MeasureAsync(ServerProcess server, int round, CancellationToken cancellationToken)
    {
        var client = await RegistryClient.OpenAsync(server, "web", cancellationToken);
        return await Ab.HeadAsync(client, client.Url("blobs/" + RegistryClient.Digest(Blob)), cancellationToken);
    }
}
