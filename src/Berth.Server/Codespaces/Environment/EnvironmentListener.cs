using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace Berth.Server.Codespaces.Environment;

/// <summary>The end point of Kestrel whose connections come from inside codespaces.</summary>
internal sealed class EnvironmentEndPoint : EndPoint
{
    public override string ToString() => "codespaces";
}

/// <summary>
/// Hands connections that were accepted in a container's network to Kestrel, as coming from the container's address. They never pass this
/// machine's loopback interface, from where callers are trusted more.
/// </summary>
internal sealed class EnvironmentListener : IConnectionListenerFactory, IConnectionListenerFactorySelector, IConnectionListener
{
    private readonly Channel<ConnectionContext> _accepted = Channel.CreateBounded<ConnectionContext>(256);
    private readonly SocketConnectionContextFactory _connections;

    public EnvironmentListener(ILoggerFactory loggers)
    {
        _connections = new SocketConnectionContextFactory(
            new SocketConnectionFactoryOptions(), loggers.CreateLogger<EnvironmentListener>());
    }

    public EndPoint EndPoint { get; } = new EnvironmentEndPoint();

    public bool CanBind(EndPoint endpoint) => endpoint is EnvironmentEndPoint;

    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default) =>
        ValueTask.FromResult<IConnectionListener>(this);

    /// <summary>A connection from inside, with the address that the server is to see.</summary>
    public async ValueTask TakeAsync(Socket socket, IPAddress container, CancellationToken cancellationToken)
    {
        var port = (socket.RemoteEndPoint as IPEndPoint)?.Port ?? 0;
        var connection = _connections.Create(socket);
        connection.RemoteEndPoint = new IPEndPoint(container, port);
        await _accepted.Writer.WriteAsync(connection, cancellationToken);
    }

    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default) =>
        await _accepted.Reader.WaitToReadAsync(cancellationToken) && _accepted.Reader.TryRead(out var connection) ? connection : null;

    public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
    {
        _accepted.Writer.TryComplete();
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync()
    {
        _accepted.Writer.TryComplete();
        _connections.Dispose();
        return ValueTask.CompletedTask;
    }
}
