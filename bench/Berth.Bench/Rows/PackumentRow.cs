using System.Globalization;

namespace Berth.Bench.Rows;

/// <summary>
/// The document that every installation requests first, in npm's abbreviated and compressed form, or the full one that shows a package.
/// </summary>
/// <param name="whole">Asks for the full form, as <c>npm view</c> does.</param>
internal sealed class PackumentRow(string name, int versions, bool whole, double target) : SideBySide(Sides.BesideVerdaccio)
{
    private const string Package = "@bench/web";
    private const string Abbreviated = "application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8, */*";

    protected override string Noun => name;

    protected override string What => string.Create(
        CultureInfo.InvariantCulture, $"npm packument GET{(whole ? ", whole" : "")}, {versions:N0} versions, 32 connections");

    public override string Unit => "requests/s";

    public override double Target => target;

    protected override async Task FillAsync(ServerProcess server, CancellationToken cancellationToken)
    {
        var client = NpmClient.Of(server);
        var document = Path.Combine(server.Folder, "publish.json");
        for (var version = 0; version < versions; version++)
        {
            await NpmClient.WriteDocumentAsync(document, Package, $"1.0.{version}", 0, cancellationToken);
            await client.PublishAsync(Package, document, cancellationToken);
        }
    }

    protected override Task<double> MeasureAsync(ServerProcess server, int round, CancellationToken cancellationToken)
    {
        var client = NpmClient.Of(server);
        return Wrk.GetAsync(client.Url(Package), client.Authorization, whole ? "application/json" : Abbreviated, cancellationToken);
    }
}
