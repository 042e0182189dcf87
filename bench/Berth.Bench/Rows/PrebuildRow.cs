using Berth.Client.Wire;

namespace Berth.Bench.Rows;

/// <summary>
/// Compares the start of a codespace from a prebuild with one of another branch that has the same files and no prebuild. The prebuilt work
/// is as large as an installation of dependencies of a program of middle size: 30,000 small files.
/// </summary>
internal sealed class PrebuildRow : CodespaceRow
{
    private const string Plain = "plain";
    private string[] _others = [];

    public override string Name => "prebuild";

    public override string Work => "codespace start from a prebuild (at most 1.0 s)";

    public override double Target => 0.5;

    public override string Peer => "the same without one";

    protected override string Commands => """
        "onCreateCommand": "mkdir made && seq 30000 | while read i; do echo $i > made/$i; done; cat made/1* made/2* | sha256sum > sum",
        "updateContentCommand": "find made -type f -exec cat {} + | gzip > all.gz",
        "postCreateCommand": "test -s all.gz"
        """;

    protected override async Task PreparePeerAsync(CancellationToken cancellationToken)
    {
        await RunAsync("git", ["-C", Source, "branch", Plain], cancellationToken);
        _others = await ImagesAsync();
        var configuration = await Client.CreatePrebuildConfigurationAsync(Repository, new NewPrebuildConfiguration(), cancellationToken);
        var begun = await Client.RunPrebuildAsync(Repository, configuration.Id, cancellationToken);
        await foreach (var _ in Client.PrebuildLogAsync(Repository, begun.Id, follow: true, cancellationToken))
        {
        }

        var made = await Client.PrebuildAsync(Repository, begun.Id, cancellationToken);
        if (made.State != "ready")
        {
            throw new InvalidOperationException($"the prebuild is {made.State}: {made.Failure}");
        }
    }

    public override async Task<double?> MeasurePeerAsync(int round, CancellationToken cancellationToken) =>
        await StartAsync(new NewCodespace { Ref = Plain }, cancellationToken);

    public override async ValueTask DisposeAsync()
    {
        foreach (var configuration in await Client.PrebuildConfigurationsAsync(Repository, CancellationToken.None))
        {
            await Client.DeletePrebuildConfigurationAsync(Repository, configuration.Id, CancellationToken.None);
        }

        // The server removes their image by itself.
        while ((await ImagesAsync()).Except(_others).Any())
        {
            await Task.Delay(TimeSpan.FromMilliseconds(100));
        }

        await base.DisposeAsync();
    }

    /// <summary>The prebuilds on the engine, including those of other servers.</summary>
    private static async Task<string[]> ImagesAsync()
    {
        string[] images = ["images", "--format", "{{.Repository}}", "--filter", "reference=berth.invalid/prebuild-*/*"];
        return (await RunAsync("docker", images, CancellationToken.None)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}
