using System.Diagnostics;

namespace Berth.Bench.Rows;

/// <summary>Publishes small packages, each a new one, as the release of a repository with many packages does.</summary>
internal sealed class PublishRow() : SideBySide(Sides.BesideVerdaccio)
{
    private const int Packages = 300;
    private const int Size = 10_000;

    protected override string Noun => "publish";

    protected override string What => "npm publish of 300 packages of 10 kB, 16 at once";

    public override string Unit => "packages/s";

    public override double Target => 1.5;

    protected override async Task<double> MeasureAsync(ServerProcess server, int round, CancellationToken cancellationToken)
    {
        var client = NpmClient.Of(server);
        var file = Path.Combine(server.Folder, "publish.json");
        List<(string Name, byte[] Document)> prepared = [];
        for (var package = 0; package < Packages; package++)
        {
            var name = $"@bench/r{round}-{package}";
            await NpmClient.WriteDocumentAsync(file, name, "1.0.0", Size, cancellationToken);
            prepared.Add((name, await File.ReadAllBytesAsync(file, cancellationToken)));
        }

        var clock = Stopwatch.StartNew();
        await Parallel.ForEachAsync(
            prepared, new ParallelOptions { MaxDegreeOfParallelism = 16, CancellationToken = cancellationToken },
            async (package, token) =>
            {
                using var content = new ByteArrayContent(package.Document);
                await client.PublishAsync(package.Name, content, token);
            });
        return Packages / clock.Elapsed.TotalSeconds;
    }
}
