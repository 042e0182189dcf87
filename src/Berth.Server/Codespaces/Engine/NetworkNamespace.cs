using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Berth.Server.Codespaces.Engine;

/// <summary>
/// Makes sockets in a container's network. A socket stays in the network namespace of the thread that made it (network_namespaces(7)), so a
/// thread enters the namespace and makes the socket there. This needs root, and a server that sees the engine's processes.
/// </summary>
internal static partial class NetworkNamespace
{
    private const int NewNetwork = 0x40000000;

    /// <summary>Runs a function on a thread in the container's network, to make sockets there.</summary>
    /// <exception cref="EngineException">The container has ended, or the server may not enter its network.</exception>
    public static async Task<T> InsideAsync<T>(
        IContainerEngine engine, EngineContainer container, Func<T> make, CancellationToken cancellationToken)
        where T : class
    {
        using var network = Open($"/proc/{container.Pid}/ns/net");

        // Ask the engine again now that the namespace is open: the process id may belong to another process by now.
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

            // The thread ends here, so it need not return to its own namespace.
        })
        { IsBackground = true, Name = "container network" };
        thread.Start();
        return await made.Task;
    }

    /// <summary>Listens on the container's own loopback addresses. If the container has no IPv6, there is only one socket.</summary>
    /// <exception cref="SocketException">Another program listens on the port already.</exception>
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
                // Containers have no IPv6 unless the engine is set up for it.
            }

            return sockets;
        }
        catch
        {
            sockets.ForEach(socket => socket.Dispose());
            throw;
        }
    }

    /// <summary>Connects to a port of the container, even if it listens only on the loopback address.</summary>
    /// <exception cref="SocketException">Nothing listens on the port.</exception>
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
                // Some programs listen only on ::1.
                socket.Dispose();
                address = IPAddress.IPv6Loopback;
            }
            catch (SocketException exception) when (exception.SocketErrorCode != SocketError.ConnectionRefused)
            {
                // The container has no IPv6, so the error of IPv4 counts.
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
