using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Berth.Server.Codespaces.Engine;

/// <summary>The socket on which the container engine listens. This class only opens connections to it.</summary>
internal sealed class EngineSocket
{
    /// <summary>The engine API that Berth speaks: Debian 12's engine (20.10) has it, and newer engines still do.</summary>
    public const string ApiVersion = "v1.41";

    private readonly string _path;

    /// <param name="dockerHost"><c>unix:///PATH</c>.</param>
    public EngineSocket(string dockerHost)
    {
        _path = dockerHost["unix://".Length..];
        Http = new HttpClient(new SocketsHttpHandler
        {
            ConnectCallback = async (_, cancellationToken) => await OpenAsync(cancellationToken),
            UseProxy = false,
            AllowAutoRedirect = false,
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(20),
        })
        {
            BaseAddress = new Uri($"http://docker/{ApiVersion}/"),
            Timeout = Timeout.InfiniteTimeSpan,
        };
    }

    /// <summary>The client has no timeout of its own, since pulls and waits take any time. Callers cancel.</summary>
    public HttpClient Http { get; }

    public string Path => _path;

    /// <summary>
    /// Finds out whether the engine sees the mounts that this process makes. It looks at the process that listens on the socket: the
    /// engine, or the machine's first process, which listens in its place.
    /// </summary>
    /// <exception cref="SocketException">Nothing listens on the socket.</exception>
    public async Task<bool> SharesMountsAsync(CancellationToken cancellationToken)
    {
        const int SocketLevel = 1;
        const int PeerCredentials = 17;
        await using var connection = await OpenAsync(cancellationToken);

        // Process, user and group, of 32 bits each.
        var credentials = new int[3];
        connection.Socket.GetRawSocketOption(SocketLevel, PeerCredentials, MemoryMarshal.AsBytes(credentials.AsSpan()));
        return credentials[0] > 0
            && new FileInfo($"/proc/{credentials[0]}/ns/mnt").LinkTarget is { } mounts
            && mounts == new FileInfo("/proc/self/ns/mnt").LinkTarget;
    }

    /// <exception cref="SocketException">Nothing listens on the socket.</exception>
    public async Task<NetworkStream> OpenAsync(CancellationToken cancellationToken)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(_path), cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
