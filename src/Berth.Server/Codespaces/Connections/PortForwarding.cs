using System.Net.Sockets;
using System.Net.WebSockets;
using Berth.Server.Api;
using Berth.Server.Codespaces.Engine;

namespace Berth.Server.Codespaces.Connections;

/// <summary>
/// Forwards a TCP connection into a codespace's network over a WebSocket. Binary messages are its bytes, and an empty message ends one
/// direction. It reaches programs that listen in the container, also on the loopback address only, and nothing else.
/// </summary>
internal static class PortForwarding
{
    public static async Task<IResult> RunAsync(
        string name, HttpContext http, ApiCaller caller, CodespaceConnections connections, PortConnector connect,
        CancellationToken cancellationToken)
    {
        var running = await connections.RunningAsync(caller, name, cancellationToken);
        if (!ushort.TryParse(http.Request.Query["port"], out var port) || port == 0)
        {
            return ApiErrors.Invalid("Query", "port", "port must be a number from 1 to 65535");
        }

        Socket target;
        try
        {
            target = await connect(running.Container, port, cancellationToken);
        }
        catch (SocketException exception)
        {
            return CodespaceConnections.Unprocessable($"nothing answers at port {port} of the codespace: {exception.Message}");
        }
        catch (EngineException exception)
        {
            return CodespaceConnections.Unprocessable(exception.Message);
        }

        await using var stream = new NetworkStream(target, ownsSocket: true);

        // Check this last, because a client that got no WebSocket asks again without one to learn the reason.
        if (!http.WebSockets.IsWebSocketRequest)
        {
            return CodespaceTerminal.WebSocketNeeded();
        }

        using var socket = await http.WebSockets.AcceptWebSocketAsync();
        using var frames = new WebSocketFrames(socket);
        using var left = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        async Task TouchAsync() => await connections.TouchAsync(running.Codespace.Id, left.Token);
        var up = UpAsync(frames, stream, TouchAsync, left);
        await DownAsync(stream, frames, TouchAsync, left);
        await up;
        try
        {
            await frames.CloseAsync(WebSocketCloseStatus.NormalClosure, "", cancellationToken);
        }
        catch (Exception exception) when (exception is WebSocketException or OperationCanceledException or IOException)
        {
            // The client has left.
        }

        return Results.Empty;
    }

    private static async Task UpAsync(WebSocketFrames frames, NetworkStream target, Func<Task> touch, CancellationTokenSource left)
    {
        try
        {
            while (await frames.ReceiveAsync(left.Token) is { } part)
            {
                if (part is { First: true, Last: true, Piece.Length: 0 })
                {
                    // The other direction goes on; a client that leaves meanwhile is noticed when something is sent to it.
                    target.Socket.Shutdown(SocketShutdown.Send);
                    return;
                }
                else
                {
                    await target.WriteAsync(part.Piece, left.Token);
                    await touch();
                }
            }
        }
        catch (Exception exception) when (exception is WebSocketException or OperationCanceledException or IOException or SocketException)
        {
            // One side has left.
        }

        await left.CancelAsync();
    }

    /// <summary>
    /// Passes on what the container sends, until it has nothing more to send. After that the client may still end its own direction.
    /// </summary>
    private static async Task DownAsync(NetworkStream source, WebSocketFrames frames, Func<Task> touch, CancellationTokenSource left)
    {
        var buffer = new byte[32 * 1024];
        try
        {
            int read;
            while ((read = await source.ReadAsync(buffer, left.Token)) > 0)
            {
                await frames.SendAsync(buffer.AsMemory(0, read), left.Token);
                await touch();
            }

            await frames.SendAsync(ReadOnlyMemory<byte>.Empty, left.Token);
        }
        catch (Exception exception) when (exception is WebSocketException or OperationCanceledException or IOException)
        {
            await left.CancelAsync();
        }
    }
}
