namespace Berth.Bench.Rows;

/// <summary>What every installation asks first, as npm asks for it: the abbreviated form, compressed.</summary>
internal sealed class PackumentRow() : SideBySide(Sides.BesideVerdaccio)
{
    private const string Package = "@bench/web";
    private const string Accept = "application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8, */*";
    private const int Versions = 20;

    protected override string Noun => "packuments";

    protected override string What => "npm packument GET, 32 connections";

    public override string Unit => "requests/s";

    public override double Target => 5;

    protected override async Task FillAsync(ServerProcess server, CancellationToken cancellationToken)
    {
        var client = NpmClient.Of(server);
        var document = Path.Combine(server.Folder, "publish.json");
        for (var version = 0; version < Versions; version++)
        {
            await NpmClient.WriteDocumentAsync(document, Package, $"1.0.{version}", 0, cancellationToken);
            await client.PublishAsync(Package, document, cancellationToken);
        }
    }

    protected override Task<double> MeasureAsync(ServerProcess server, int round, CancellationToken cancellationToken)
    {
        var client = NpmClient.Of(server);
        return Wrk.GetAsync(client.Url(Package), client.Authorization, Accept, cancellationToken);
    }
}
