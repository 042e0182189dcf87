using Berth.SystemTests.Fixtures.Clients;
using Berth.SystemTests.Fixtures.Server;

namespace Berth.SystemTests.Faults;

/// <summary>
/// Uses kill -9 at random moments while images are pushed. What was acknowledged is there afterwards, byte for byte. What was not
/// acknowledged may be there (the kill can come between commit and answer), but only completely: no manifest without its blobs, and no blob
/// with other bytes than its digest says.
/// </summary>
public sealed class KillTests
{
    private const int Rounds = 50;
    private const int Writers = 8;

    [Fact]
    public async Task Nothing_acknowledged_is_lost_and_nothing_half_done_is_visible_after_fifty_kills()
    {
        await using var server = await ServerProcess.StartAsync("kill");
        var ada = await server.UserAsync("ada");
        var random = new Random(20_07);
        var pushed = new PushLog();
        for (var round = 0; round < Rounds; round++)
        {
            using (var registry = new RawRegistry(ada, $"{ada.Login}/kill"))
            {
                using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
                var writers = Enumerable.Range(0, Writers)
                    .Select(writer => pushed.PushUntilKilledAsync(registry, $"r{round}w{writer}", stop.Token))
                    .ToArray();
                // Half of the kills come early, while the first requests are on their way, and half after some images.
                await (round % 2 == 0
                    ? Task.Delay(random.Next(5, 250), stop.Token)
                    : pushed.ReachAsync(pushed.Acknowledgements + random.Next(1, 60), writers, stop.Token));
                await server.KillAsync();
                await stop.CancelAsync();
                await Task.WhenAll(writers);
            }

            await server.StartAsync();
            using var after = new RawRegistry(ada, $"{ada.Login}/kill");
            await pushed.CheckAsync(after, everything: round == Rounds - 1);
        }

        Assert.True(pushed.Acknowledged > Rounds, $"only {pushed.Acknowledged} images were acknowledged: the kills proved nothing");
        TestContext.Current.SendDiagnosticMessage(
            "{0} images acknowledged, {1} cut off, {2} of those visible and whole", pushed.Acknowledged, pushed.CutOff,
            pushed.VisibleAnyway);
    }
}
