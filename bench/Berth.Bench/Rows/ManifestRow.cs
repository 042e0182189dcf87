namespace Berth.Bench.Rows;

internal sealed class ManifestRow(Sides sides, double target) : SideBySide(sides)
{
    protected override string Noun => "manifests";

    protected override string What => "manifest GET by tag, 32 connections";

    public override string Unit => "requests/s";

    public override double Target => target;

    protected override async Task FillAsync(ServerProcess server, CancellationToken cancellationToken)
    {
        var client = await RegistryClient.OpenAsync(server, "web", cancellationToken);
        await client.PushSmallImageAsync("latest", cancellationToken);
    }

    protected override async Task<double> MeasureAsync(ServerProcess server, int round, CancellationToken cancellationToken)
    {
        var client = await RegistryClient.OpenAsync(server, "web", cancellationToken);
        return await Wrk.GetAsync(client, client.Url("manifests/latest"), cancellationToken);
    }
}
