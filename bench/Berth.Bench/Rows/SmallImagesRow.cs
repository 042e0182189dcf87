using System.Diagnostics;

namespace Berth.Bench.Rows;

internal sealed class SmallImagesRow() : SideBySide(Sides.BesideDockerRegistry)
{
    private const int Images = 1000;

    protected override string Noun => "images";

    protected override string What => "push of 1,000 small images, 16 at once, one repository";

    public override string Unit => "images/s";

    public override double Target => 4;

    protected override async Task<double> MeasureAsync(ServerProcess server, int round, CancellationToken cancellationToken)
    {
        var client = await RegistryClient.OpenAsync(server, "small", cancellationToken);
        var clock = Stopwatch.StartNew();
        await Parallel.ForAsync(0, Images, new ParallelOptions { MaxDegreeOfParallelism = 16, CancellationToken = cancellationToken },
            async (image, token) => await client.PushSmallImageAsync($"{round}-{image}", token));
        return Images / clock.Elapsed.TotalSeconds;
    }
}
