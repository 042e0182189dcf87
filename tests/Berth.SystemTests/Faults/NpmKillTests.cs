using System.Net.Http.Json;
using System.Text.Json;
using Berth.SystemTests.Fixtures.Clients;
using Berth.SystemTests.Fixtures.Server;
using Berth.SystemTests.Fixtures.Tools;

namespace Berth.SystemTests.Faults;

/// <summary>
/// Uses kill -9 at random moments while packages are published. An acknowledged version is there afterwards, byte for byte. Any other is
/// there completely or not at all, and the next attempt to publish it is told which. What the kills leave on the disk is removed.
/// </summary>
public sealed class NpmKillTests
{
    private const int Rounds = 15;
    private const int Writers = 8;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task No_publish_is_lost_or_half_done_after_fifteen_kills_and_nothing_of_them_stays_on_the_disk()
    {
        await using var server = await ServerProcess.StartAsync("npm-kill");
        var ada = await server.UserAsync("ada");
        var random = new Random(11_30);
        var published = new PublishLog(ada.Login);
        for (var round = 0; round < Rounds; round++)
        {
            using (var npm = new RawNpm(ada))
            {
                using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancelled);
                var writers = Enumerable.Range(0, Writers)
                    .Select(writer => published.PublishUntilKilledAsync(npm, round, writer, stop.Token))
                    .ToArray();

                // Half of the kills come early, while the first requests are on their way, and half after some publishes.
                await (round % 2 == 0
                    ? Task.Delay(random.Next(5, 250), stop.Token)
                    : published.ReachAsync(published.Acknowledgements + random.Next(1, 30), writers, stop.Token));
                await server.KillAsync();
                await stop.CancelAsync();
                await Task.WhenAll(writers);
            }

            await server.StartAsync();
            using var after = new RawNpm(ada);
            await published.CheckAsync(after);
        }

        Assert.True(published.Acknowledgements > Rounds, $"only {published.Acknowledgements} were acknowledged: the kills proved nothing");
        TestContext.Current.SendDiagnosticMessage(
            "{0} publishes acknowledged, {1} cut off, {2} of those visible and whole", published.Acknowledgements, published.CutOff,
            published.VisibleAnyway);

        await CollectAsync(server);
        using var last = new RawNpm(ada);
        await published.CheckAllAsync(last);
        Assert.Empty(Files(server, "uploads"));
        Assert.Equal(published.Versions, Files(server, "").Count());
    }

    /// <summary>Lets the collector remove bytes that no request can need any more, because they are some days old.</summary>
    private static async Task CollectAsync(ServerProcess server)
    {
        foreach (var file in Files(server, ""))
        {
            File.SetLastWriteTimeUtc(file, File.GetLastWriteTimeUtc(file).AddDays(-3));
        }

        const string path = "/api/v3/admin/garbage-collection";
        await Accounts.PostAsync(server.Admin, path, new { });
        await Patience.UntilAsync(async () =>
            (await server.Admin.GetFromJsonAsync<JsonElement>(path, Cancelled)).GetProperty("state").GetString() == "finished");
    }

    /// <summary>Leaves out the file that shows that the disk can be written to.</summary>
    private static IEnumerable<string> Files(ServerProcess server, string folder) =>
        Directory.EnumerateFiles(Path.Combine(server.Data, "blobs", folder), "*", SearchOption.AllDirectories)
            .Where(file => Path.GetFileName(file) != ".ready");
}
