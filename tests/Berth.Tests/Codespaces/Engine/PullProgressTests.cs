using System.Text;
using Berth.Server.Codespaces.Engine;

namespace Berth.Tests.Codespaces.Engine;

public sealed class PullProgressTests
{
    [Fact]
    public void An_error_in_the_middle_of_a_pull_is_found() =>
        Assert.Equal("unknown blob", PullProgress.Parse("""{"errorDetail":{"message":"unknown blob"},"error":"unknown blob"}""").Error);

    [Fact]
    public void Many_lines_become_few()
    {
        var summary = new PullSummary();
        string?[] said =
        [
            summary.Add(PullProgress.Parse("""{"status":"Pulling from team/debian","id":"1"}""")),
            summary.Add(PullProgress.Parse("""{"status":"Downloading","progressDetail":{"current":1000000,"total":10000000},"id":"a"}""")),
            summary.Add(PullProgress.Parse("""{"status":"Downloading","progressDetail":{"current":1100000,"total":10000000},"id":"a"}""")),
            summary.Add(PullProgress.Parse("""{"status":"Downloading","progressDetail":{"current":6000000,"total":10000000},"id":"a"}""")),
            summary.Add(PullProgress.Parse("""{"status":"Status: Downloaded newer image for x"}""")),
        ];
        string?[] expected = [null, "downloaded 1.0 of 10.0 MB", null, "downloaded 6.0 of 10.0 MB", "Downloaded newer image for x"];
        Assert.True(expected.SequenceEqual(said), string.Join('|', said));
    }

    [Fact]
    public async Task Framed_output_is_taken_apart()
    {
        using var source = new MemoryStream(
            [1, 0, 0, 0, 0, 0, 0, 3, .. "out"u8, 2, 0, 0, 0, 0, 0, 0, 3, .. "err"u8, 1, 0, 0, 0, 0, 0, 0, 0]);
        var taken = new StringBuilder();
        await EngineFrames.ReadAsync(
            source,
            (stream, piece) =>
            {
                taken.Append($"{stream}:{Encoding.ASCII.GetString(piece.Span)};");
                return Task.CompletedTask;
            },
            TestContext.Current.CancellationToken);
        Assert.Equal("1:out;2:err;", taken.ToString());
    }
}
