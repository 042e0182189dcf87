using System.Net.WebSockets;

namespace Berth.Server.Codespaces.Connections;

/// <summary>Sends and receives binary messages of a WebSocket. Several callers may send, and they take turns.</summary>
internal sealed class WebSocketFrames(WebSocket socket) : IDisposable
{
    private readonly SemaphoreSlim _sending = new(1);
    private readonly byte[] _buffer = new byte[32 * 1024];

    /// <summary>Sends a message: one byte that names the channel, then the payload.</summary>
    public async Task SendAsync(byte channel, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken)
    {
        await _sending.WaitAsync(cancellationToken);
        try
        {
            await socket.SendAsync(new[] { channel }, WebSocketMessageType.Binary, endOfMessage: false, cancellationToken);
            await socket.SendAsync(payload, WebSocketMessageType.Binary, endOfMessage: true, cancellationToken);
        }
        finally
        {
            _sending.Release();
        }
    }

    public async Task SendAsync(ReadOnlyMemory<byte> payload, CancellationToken cancellationToken)
    {
        await _sending.WaitAsync(cancellationToken);
        try
        {
            await socket.SendAsync(payload, WebSocketMessageType.Binary, endOfMessage: true, cancellationToken);
        }
        finally
        {
            _sending.Release();
        }
    }

    /// <summary>
    /// Receives a piece of a message, which is valid until the next call. <c>First</c> and <c>Last</c> mark the beginning and the end of a
    /// message. Null when the other side has left.
    /// </summary>
    public async Task<(ReadOnlyMemory<byte> Piece, bool First, bool Last)?> ReceiveAsync(CancellationToken cancellationToken)
    {
        var first = _whole;
        var result = await socket.ReceiveAsync(_buffer.AsMemory(), cancellationToken);
        if (result.MessageType == WebSocketMessageType.Close)
        {
            return null;
        }

        _whole = result.EndOfMessage;
        return (_buffer.AsMemory(0, result.Count), first, result.EndOfMessage);
    }

    /// <summary>A whole text message of limited size; null when none comes.</summary>
    public async Task<byte[]?> ReceiveTextAsync(int longest, CancellationToken cancellationToken)
    {
        using var text = new MemoryStream();
        do
        {
            if (await ReceiveAsync(cancellationToken) is not { } part || text.Length + part.Piece.Length > longest)
            {
                return null;
            }

            text.Write(part.Piece.Span);
        }
        while (!_whole);
        return text.ToArray();
    }

    public async Task CloseAsync(WebSocketCloseStatus status, string reason, CancellationToken cancellationToken)
    {
        if (socket.State is WebSocketState.Open or WebSocketState.CloseReceived)
        {
            await socket.CloseOutputAsync(status, reason.Length <= 100 ? reason : reason[..100], cancellationToken);
        }
    }

    public void Dispose() => _sending.Dispose();

    private bool _whole = true;
}
