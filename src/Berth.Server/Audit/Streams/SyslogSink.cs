using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Berth.Client.Wire;

namespace Berth.Server.Audit.Streams;

/// <summary>
/// Sends entries to a syslog server in the format of RFC 5424. Over UDP and this machine's socket, each is a datagram. Over TCP each has
/// its length before it (RFC 6587, "octet counting").
/// </summary>
/// <param name="target"><c>udp:HOST:PORT</c>, <c>tcp:HOST:PORT</c> or <c>unix:PATH</c>.</param>
/// <param name="host">The host name in the messages.</param>
internal sealed class SyslogSink(string target, string host) : IAuditSink
{
    /// <summary>Facility 13, "log audit", and severity 6, informational.</summary>
    private const int Priority = (13 * 8) + 6;

    private const int LongestMessageId = 32;

    public string Name => "syslog";

    public async Task WriteAsync(IReadOnlyList<AuditLogEntry> entries, CancellationToken cancellationToken)
    {
        using var socket = await ConnectAsync(cancellationToken);
        foreach (var entry in entries)
        {
            var message = Encoding.UTF8.GetBytes(Message(entry, host));
            if (socket.SocketType == SocketType.Stream)
            {
                var length = Encoding.ASCII.GetBytes(message.Length.ToString(CultureInfo.InvariantCulture) + " ");
                message = [.. length, .. message];
            }

            for (var sent = 0; sent < message.Length;)
            {
                sent += await socket.SendAsync(message.AsMemory(sent), cancellationToken);
            }
        }

        if (socket.SocketType == SocketType.Stream)
        {
            socket.Shutdown(SocketShutdown.Send);
        }
    }

    public static string Message(AuditLogEntry entry, string host)
    {
        var time = DateTimeOffset.FromUnixTimeMilliseconds(entry.Timestamp).UtcDateTime
            .ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
        var id = entry.Action.Length > LongestMessageId ? entry.Action[..LongestMessageId] : entry.Action;
        return $"<{Priority}>1 {time} {host} berth - {id} - {AuditLine.Of(entry)}";
    }

    private async Task<Socket> ConnectAsync(CancellationToken cancellationToken)
    {
        var colon = target.IndexOf(':', StringComparison.Ordinal);
        var (kind, place) = (target[..colon], target[(colon + 1)..]);
        if (kind == "unix")
        {
            var local = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
            return await ConnectedAsync(local, socket => socket.ConnectAsync(new UnixDomainSocketEndPoint(place), cancellationToken));
        }

        var last = place.LastIndexOf(':');
        var (server, port) = (place[..last].Trim('[', ']'), int.Parse(place[(last + 1)..], CultureInfo.InvariantCulture));
        var remote = kind == "tcp"
            ? new Socket(SocketType.Stream, ProtocolType.Tcp)
            : new Socket(SocketType.Dgram, ProtocolType.Udp);
        return await ConnectedAsync(remote, socket => socket.ConnectAsync(server, port, cancellationToken));
    }

    private static async Task<Socket> ConnectedAsync(Socket socket, Func<Socket, ValueTask> connect)
    {
        try
        {
            await connect(socket);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
