using System.Net;
using System.Net.Sockets;

namespace Berth.Tests.TestServer;

/// <summary>
/// A port of this machine's loopback that belongs to a test until it is disposed, even while nobody listens on it. A server may listen, be
/// killed, and listen again, and meanwhile neither another server nor the local end of a connection gets the port.
/// </summary>
/// <remarks>The socket is bound and does not listen. Linux lets a listener bind beside it if both set SO_REUSEADDR (socket(7)), which
/// servers and <see cref="Socket.Bind"/> do. When Linux chooses a port by itself, it skips this one.</remarks>
public sealed class HeldPort : IDisposable
{
    private readonly List<Socket> _held = [];

    public HeldPort()
    {
        while (_held.Count == 0)
        {
            var socket = Bind(IPAddress.Loopback, 0);
            try
            {
                _held.Add(Bind(IPAddress.IPv6Loopback, PortOf(socket)));
                _held.Add(socket);
            }
            catch (SocketException exception) when (exception.SocketErrorCode == SocketError.AddressAlreadyInUse)
            {
                socket.Dispose();
            }
            catch (SocketException)
            {
                // This machine has no IPv6.
                _held.Add(socket);
            }
        }

        Number = PortOf(_held[^1]);
    }

    public int Number { get; }

    public void Dispose() => _held.ForEach(socket => socket.Dispose());

    private static Socket Bind(IPAddress address, int port)
    {
        var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(address, port));
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static int PortOf(Socket socket) => ((IPEndPoint)socket.LocalEndPoint!).Port;
}
