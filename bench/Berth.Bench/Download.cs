using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Berth.Bench;

/// <summary>A GET over plain sockets that drops the body as it arrives, so that the client costs almost nothing.</summary>
internal static class Download
{
    public static async Task<long> RunAsync(Uri url, string? authorization, CancellationToken cancellationToken)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, ReceiveBufferSize = 4 << 20 };
        await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, url.Port), cancellationToken);
        var request = $"GET {url.PathAndQuery} HTTP/1.1\r\nHost: {url.Authority}\r\nConnection: close\r\n"
            + (authorization is null ? "" : $"Authorization: {authorization}\r\n") + "\r\n";
        await socket.SendAsync(Encoding.ASCII.GetBytes(request), cancellationToken);
        var buffer = new byte[256 * 1024];
        var (header, body) = await ReadHeaderAsync(socket, buffer, cancellationToken);
        if (!header.StartsWith("HTTP/1.1 200", StringComparison.Ordinal))
        {
            throw new InvalidOperationException($"{url} answers {header}");
        }

        while (await socket.ReceiveAsync(buffer, cancellationToken) is > 0 and var read)
        {
            body += read;
        }

        return body;
    }

    private static async Task<(string Header, long Body)> ReadHeaderAsync(Socket socket, byte[] buffer, CancellationToken cancellationToken)
    {
        var filled = 0;
        while (true)
        {
            var read = await socket.ReceiveAsync(buffer.AsMemory(filled), cancellationToken);
            filled += read;
            var end = buffer.AsSpan(0, filled).IndexOf("\r\n\r\n"u8);
            if (end >= 0)
            {
                return (Encoding.ASCII.GetString(buffer, 0, end), filled - end - 4);
            }

            if (read == 0)
            {
                throw new InvalidOperationException("the connection ended before the answer");
            }
        }
    }
}
