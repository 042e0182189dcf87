using System.Net.Sockets;
using Berth.Server.Codespaces.Sandbox;
using Berth.Server.Faults;

namespace Berth.Server.Codespaces.Docker;

/// <summary>
/// Connects to a codespace's engine. The codespace can change what lies at the socket's path. So no link is followed, and the process that
/// listens there must belong to the codespace's user.
/// </summary>
internal static class EngineConnection
{
    // socket(7): SO_PEERCRED of SOL_SOCKET.
    private const int SocketLevel = 1;
    private const int PeerCredentials = 17;

    public static async Task<bool> AnswersAsync(CodespaceFolders folders, EnginePlan plan, CancellationToken cancellationToken)
    {
        using var socket = await ConnectAsync(folders, plan, cancellationToken);
        return socket is not null;
    }

    /// <summary>Null when nobody listens.</summary>
    /// <exception cref="FaultException">A process of another user listens there.</exception>
    public static async Task<Socket?> ConnectAsync(CodespaceFolders folders, EnginePlan plan, CancellationToken cancellationToken)
    {
        Socket? socket = null;
        try
        {
            using var place = KernelMounts.Look(Path.Combine(folders.DockerEngine, EngineScript.Socket));
            socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await socket.ConnectAsync(new UnixDomainSocketEndPoint($"/proc/self/fd/{place.DangerousGetHandle()}"), cancellationToken);
        }
        catch (Exception exception) when (exception is IOException or SocketException)
        {
            socket?.Dispose();
            return null;
        }

        var credentials = new byte[12];
        socket.GetRawSocketOption(SocketLevel, PeerCredentials, credentials);
        if (BitConverter.ToUInt32(credentials, 4) == plan.First)
        {
            return socket;
        }

        socket.Dispose();
        throw new FaultException(FaultKind.Host, "the socket of the codespace's own container engine is somebody else's");
    }
}
