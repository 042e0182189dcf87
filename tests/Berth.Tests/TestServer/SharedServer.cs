using Berth.Tests.TestServer;

[assembly: AssemblyFixture(typeof(SharedServer))]

namespace Berth.Tests.TestServer;

/// <summary>One server for all tests that need no settings or clock of their own. They use their own names and run in parallel.</summary>
public sealed class SharedServer : IAsyncLifetime
{
    private BerthServer? _server;

    public BerthServer Server => _server ?? throw new InvalidOperationException("not started");

    public async ValueTask InitializeAsync() => _server = await BerthServer.StartAsync();

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }
    }
}
