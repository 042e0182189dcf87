using System.Net.Sockets;
using System.Text;
using Berth.Server.Codespaces.Engine;
using Berth.Tests.TestServer;

namespace Berth.Tests.Codespaces.Engine;

public sealed class EngineClientTests
{
    [Fact]
    public async Task An_engine_that_is_about_to_end_counts_as_gone()
    {
        await using var engine = new SocketEngine();
        var client = Client(engine);
        Assert.Null(await client.UnavailableAsync(TestContext.Current.CancellationToken));
        engine.StopListening();
        Assert.StartsWith(
            $"no container engine answers at {engine.SocketPath} (", await client.UnavailableAsync(TestContext.Current.CancellationToken),
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("HTTP/1.1 409 Conflict\r\nContent-Length: 22\r\n\r\n{\"message\":\"has ended\"}", 409, "has ended")]
    [InlineData("nonsense\r\n\r\n", 502, "")]
    public async Task A_connection_that_the_engine_does_not_hand_over_says_why(string answer, int status, string reason)
    {
        await using var engine = new SocketEngine(answer);
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(engine.SocketPath), TestContext.Current.CancellationToken);
        await using var stream = new NetworkStream(socket);
        await stream.WriteAsync("POST /exec/1/start HTTP/1.1\r\n\r\n"u8.ToArray(), TestContext.Current.CancellationToken);
        var upgrade = await UpgradeAnswer.ReadAsync(stream, TestContext.Current.CancellationToken);
        Assert.Equal(status, upgrade.Status);
        Assert.Contains(
            reason, Encoding.UTF8.GetString(await upgrade.BodyAsync(TestContext.Current.CancellationToken)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_container_that_is_being_removed_is_waited_for()
    {
        await using var engine = new SocketEngine
        {
            Answers = request => request.StartsWith("DELETE ", StringComparison.Ordinal)
                ? "HTTP/1.1 409 Conflict\r\nContent-Length: 26\r\n\r\n{\"message\":\"in progress\"}\n"
                : null,
        };
        await Client(engine).RemoveAsync("x", TestContext.Current.CancellationToken);
        Assert.Equal(
            ["DELETE /v1.41/containers/x?force=1&v=1", "POST /v1.41/containers/x/wait?condition=removed"],
            engine.Requests.Select(request => request[..request.IndexOf(" HTTP", StringComparison.Ordinal)]));
    }

    [Fact]
    public async Task Starts_in_a_row_ask_the_engine_once_about_itself()
    {
        var clock = new ManualTimeProvider();
        await using var engine = new SocketEngine(Json("""{"ServerVersion":"20.10.24","Os":"linux","Arch":"amd64"}"""));
        var client = Client(engine, clock);
        for (var start = 0; start < 2; start++)
        {
            Assert.Equal("20.10.24", (await client.FactsAsync(TestContext.Current.CancellationToken)).Version);
            Assert.Equal("amd64", (await client.PlatformAsync(TestContext.Current.CancellationToken)).Architecture);
        }

        Assert.Equal(2, engine.Requests.Count);
        clock.Advance(TimeSpan.FromSeconds(10));
        await client.FactsAsync(TestContext.Current.CancellationToken);
        Assert.Equal(3, engine.Requests.Count);
    }

    [Fact]
    public async Task What_an_engine_said_of_itself_is_forgotten_when_it_goes()
    {
        await using var engine = new SocketEngine(Json("""{"ServerVersion":"1"}"""));
        var client = Client(engine);
        await client.FactsAsync(TestContext.Current.CancellationToken);
        engine.StopListening();
        Assert.NotNull(await client.UnavailableAsync(TestContext.Current.CancellationToken));
        var before = engine.Requests.Count;
        await client.FactsAsync(TestContext.Current.CancellationToken);
        Assert.Equal(before + 1, engine.Requests.Count);
    }

    [Theory]
    [InlineData(200, true)]
    [InlineData(404, true)]
    [InlineData(409, false)]
    public async Task An_image_that_is_in_use_is_not_gone(int status, bool gone)
    {
        await using var engine = new SocketEngine($"HTTP/1.1 {status} Whatever\r\nContent-Length: 2\r\n\r\n{{}}");
        var client = Client(engine);
        Assert.Equal(gone, await client.RemoveImageAsync("x", TestContext.Current.CancellationToken));
    }

    private static EngineClient Client(SocketEngine engine, TimeProvider? clock = null) =>
        new(new EngineSocket("unix://" + engine.SocketPath), clock ?? TimeProvider.System);

    private static string Json(string body) => $"HTTP/1.1 200 OK\r\nContent-Length: {body.Length}\r\n\r\n{body}";
}
