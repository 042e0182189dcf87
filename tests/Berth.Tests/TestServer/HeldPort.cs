using System.Net;
using System.Net.Sockets;

namespace Berth.Tests.TestServer;

/// <summary>
/// A port of this machine's loopback that is a test's own until it is disposed, also while nobody listens on it: a server may begin to
/// listen, be killed, and listen again, and in between neither another server nor the near end of a connection gets it.
/// </summary>
/// <remarks>
/// It is bound and does not listen. Linux lets a listener bind beside it where both set SO_REUSEADDR (socket(7)), as servers do and
/// <see cref="Socket.Bind"/> does, and passes over it when it chooses a port by itself.
/// </remarks>
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
                // A machine without IPv6.
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
