using System.Net.Sockets;
using Berth.Server.Codespaces.Engine;

namespace Berth.Server.Codespaces.Connections;

/// <summary>
/// Connects to a port inside a container, even if it listens only on the container's loopback address (<see cref="NetworkNamespace"/>).
/// </summary>
/// <exception cref="EngineException">The container has ended, or the server may not enter its network.</exception>
/// <exception cref="SocketException">Nothing listens on the port.</exception>
internal delegate Task<Socket> PortConnector(EngineContainer container, int port, CancellationToken cancellationToken);
