using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Berth.Server.Codespaces.Engine;

/// <summary>
/// Makes sockets that belong to a container's network: a socket stays in the network namespace that its thread was in when it was made
/// (network_namespaces(7)), so one thread goes there, makes it and comes back. Needs root and a server that sees the engine's processes.
/// </summary>
internal static partial class NetworkNamespace
{
    private const int NewNetwork = 0x40000000;

    /// <summary>A socket in the container's network, neither bound nor connected.</summary>
    /// <exception cref="EngineException">The container has ended, or the server may not enter its network.</exception>
    public static async Task<T> InsideAsync<T>(
        IContainerEngine engine, EngineContainer container, Func<T> make, CancellationToken cancellationToken)
        where T : class
    {
        using var network = Open($"/proc/{container.Pid}/ns/net");

        // The number may have been given to another process since the engine was asked; now that the namespace is held, it is asked again.
        if (await engine.ContainerAsync(container.Id, cancellationToken) is not { Running: true } again || again.Pid != container.Pid)
        {
            throw new EngineException(409, "the container has ended");
        }

        var made = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        var thread = new Thread(() =>
        {
            try
            {
                Enter(network);
                made.SetResult(make());
            }
            catch (Exception exception)
            {
                made.SetException(exception);
            }

            // The thread ends here and is used for nothing else, so it need not find its way back.
        })
        { IsBackground = true, Name = "container network" };
        thread.Start();
        return await made.Task;
    }

    /// <summary>Listens on the container's own loopback addresses. Without IPv6 in the container there is one socket.</summary>
    /// <exception cref="SocketException">Something listens there already.</exception>
    public static List<Socket> ListenOnLoopback(int port)
    {
        List<Socket> sockets = [];
        try
        {
            sockets.Add(Listen(IPAddress.Loopback, port));
            try
            {
                sockets.Add(Listen(IPAddress.IPv6Loopback, port));
            }
            catch (SocketException exception)
                when (exception.SocketErrorCode is SocketError.AddressNotAvailable or SocketError.AddressFamilyNotSupported)
            {
                // Containers have no IPv6 unless the engine was told so.
            }

            return sockets;
        }
        catch
        {
            sockets.ForEach(socket => socket.Dispose());
            throw;
        }
    }

    /// <summary>A connection to a port of the container, also one that listens on its loopback address only.</summary>
    /// <exception cref="SocketException">Nothing listens there.</exception>
    public static async Task<Socket> ConnectAsync(
        IContainerEngine engine, EngineContainer container, int port, CancellationToken cancellationToken)
    {
        var address = IPAddress.Loopback;
        while (true)
        {
            var family = address.AddressFamily;
            var socket = await InsideAsync(
                engine, container, () => new Socket(family, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true }, cancellationToken);
            try
            {
                await socket.ConnectAsync(new IPEndPoint(address, port), cancellationToken);
                return socket;
            }
            catch (SocketException) when (family == AddressFamily.InterNetwork)
            {
                // Some programs listen on ::1 alone.
                socket.Dispose();
                address = IPAddress.IPv6Loopback;
            }
            catch (SocketException exception) when (exception.SocketErrorCode != SocketError.ConnectionRefused)
            {
                // No IPv6 in there: what IPv4 said counts.
                socket.Dispose();
                throw new SocketException((int)SocketError.ConnectionRefused);
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        }
    }

    private static Socket Listen(IPAddress address, int port)
    {
        var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
            socket.Bind(new IPEndPoint(address, port));
            socket.Listen(128);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static SafeFileHandle Open(string path)
    {
        try
        {
            return File.OpenHandle(path, share: FileShare.ReadWrite | FileShare.Delete);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new EngineException(
                409, "the container's network cannot be entered: it has ended, or the server does not see the engine's processes");
        }
    }

    private static void Enter(SafeFileHandle network)
    {
        if (SetNamespace(network, NewNetwork) != 0)
        {
            throw new EngineException(
                403,
                $"the container's network cannot be entered (error {Marshal.GetLastPInvokeError()}): the server must run as root for "
                    + "codespaces");
        }
    }

    [LibraryImport("libc", EntryPoint = "setns", SetLastError = true)]
    private static partial int SetNamespace(SafeFileHandle handle, int kind);
}
