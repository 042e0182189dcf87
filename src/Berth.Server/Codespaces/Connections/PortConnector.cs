using System.Net.Sockets;
using Berth.Server.Codespaces.Engine;

namespace Berth.Server.Codespaces.Connections;

/// <summary>
/// Connects to a port inside a container, also to one that listens on its loopback address only (<see cref="NetworkNamespace"/>).
/// </summary>
/// <exception cref="EngineException">The container has ended, or the server may not enter its network.</exception>
/// <exception cref="SocketException">Nothing listens there.</exception>
internal delegate Task<Socket> PortConnector(EngineContainer container, int port, CancellationToken cancellationToken);
