using Berth.SystemTests.Fixtures.Server;

[assembly: AssemblyFixture(typeof(SharedServer))]

namespace Berth.SystemTests.Fixtures.Server;

/// <summary>One server process for all tests that neither stop it nor need their own settings.</summary>
public sealed class SharedServer : IAsyncLifetime
{
    private ServerProcess? _process;

    public ServerProcess Process => _process ?? throw new InvalidOperationException("not started");

    public async ValueTask InitializeAsync() => _process = await ServerProcess.StartAsync("shared", null, "BERTH_ALLOW_FILE_CLONE=true");

    public async ValueTask DisposeAsync() => await (_process?.DisposeAsync() ?? ValueTask.CompletedTask);
}
