using System.Net.Sockets;
using System.Text;
using Berth.Server.Codespaces.Engine;

namespace Berth.Tests.Codespaces.Engine;

public sealed class EngineClientTests
{
    [Fact]
    public async Task An_engine_that_is_about_to_end_counts_as_gone()
    {
        await using var engine = new SocketEngine();
        var client = new EngineClient(new EngineSocket("unix://" + engine.SocketPath));
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
        await new EngineClient(new EngineSocket("unix://" + engine.SocketPath)).RemoveAsync("x", TestContext.Current.CancellationToken);
        Assert.Equal(
            ["DELETE /v1.41/containers/x?force=1&v=1", "POST /v1.41/containers/x/wait?condition=removed"],
            engine.Requests.Select(request => request[..request.IndexOf(" HTTP", StringComparison.Ordinal)]));
    }

    [Theory]
    [InlineData(200, true)]
    [InlineData(404, true)]
    [InlineData(409, false)]
    public async Task An_image_that_is_in_use_is_not_gone(int status, bool gone)
    {
        await using var engine = new SocketEngine($"HTTP/1.1 {status} Whatever\r\nContent-Length: 2\r\n\r\n{{}}");
        var client = new EngineClient(new EngineSocket("unix://" + engine.SocketPath));
        Assert.Equal(gone, await client.RemoveImageAsync("x", TestContext.Current.CancellationToken));
    }
}
