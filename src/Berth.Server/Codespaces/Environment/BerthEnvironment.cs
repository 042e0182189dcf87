using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using Berth.Server.Codespaces.Engine;
using Berth.Server.Http;

namespace Berth.Server.Codespaces.Environment;

/// <summary>
/// Makes <c>BERTH_URL</c> work inside a codespace when its host name is this machine's loopback (<c>localhost</c>). A listener on the
/// container's loopback takes connections, and this server answers them itself. The listener leads to Berth and nowhere else. Other host
/// names are reached over the network.
/// </summary>
internal sealed partial class BerthEnvironment(
    IContainerEngine engine, EnvironmentListener listener, AddressOptions options, ILogger<BerthEnvironment> logger)
    : IDisposable
{
    /// <summary>
    /// The address of callers from a container without a network of its own. It is reserved for documentation (RFC 5737), so no machine has
    /// it.
    /// </summary>
    private static readonly IPAddress Unknown = IPAddress.Parse("192.0.2.1");

    private readonly ConcurrentDictionary<string, Open> _open = new(StringComparer.Ordinal);

    private sealed record Open(string StartedAt, List<Socket> Sockets);

    public bool IsNeeded => options.BaseUri.IsLoopback;

    /// <summary>Listens in a container that runs, unless it does so already.</summary>
    /// <returns>Null, or why it cannot.</returns>
    public async Task<string?> EnsureAsync(EngineContainer container, CancellationToken cancellationToken)
    {
        if (!IsNeeded || (_open.TryGetValue(container.Id, out var open) && open.StartedAt == container.StartedAt))
        {
            return null;
        }

        Close(container.Id);
        try
        {
            var port = options.BaseUri.Port;
            var sockets = await NetworkNamespace.InsideAsync(
                engine, container, () => NetworkNamespace.ListenOnLoopback(port), cancellationToken);
            var made = new Open(container.StartedAt, sockets);
            if (!_open.TryAdd(container.Id, made))
            {
                sockets.ForEach(socket => socket.Dispose());
                return null;
            }

            var address = IPAddress.TryParse(container.Address, out var known) ? known : Unknown;
            sockets.ForEach(socket => _ = AcceptAsync(socket, address));
            return null;
        }
        catch (SocketException exception)
        {
            return $"{options.Url} does not answer inside: {exception.Message}. A program in the codespace listens on "
                + $"port {options.BaseUri.Port}";
        }
        catch (EngineException exception)
        {
            return $"{options.Url} does not answer inside: {exception.Message}";
        }
    }

    /// <summary>Closes the listener of a container that has stopped.</summary>
    public void Close(string container)
    {
        if (_open.TryRemove(container, out var open))
        {
            open.Sockets.ForEach(socket => socket.Dispose());
        }
    }

    public void Dispose()
    {
        foreach (var container in _open.Keys)
        {
            Close(container);
        }
    }

    private async Task AcceptAsync(Socket listening, IPAddress container)
    {
        while (true)
        {
            try
            {
                await listener.TakeAsync(await listening.AcceptAsync(CancellationToken.None), container, CancellationToken.None);
            }
            catch (Exception exception) when (exception is ObjectDisposedException or OperationCanceledException or ChannelClosedException)
            {
                return;
            }
            catch (SocketException exception)
                when (exception.SocketErrorCode is SocketError.OperationAborted or SocketError.Interrupted or SocketError.NotSocket)
            {
                return;
            }
            catch (SocketException exception)
            {
                // Only this connection failed.
                LogAccept(exception.Message);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "Codespaces: a connection from inside failed: {Reason}")]
    private partial void LogAccept(string reason);
}
