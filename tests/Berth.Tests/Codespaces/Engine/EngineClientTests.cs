using Berth.Server.Codespaces.Engine;
using Berth.Tests.Codespaces.Gate;

namespace Berth.Tests.Codespaces.Engine;

public sealed class EngineClientTests
{
    [Fact]
    public async Task An_engine_that_is_about_to_end_counts_as_gone()
    {
        await using var engine = new ScriptedEngine();
        var client = new EngineClient(new EngineSocket("unix://" + engine.SocketPath));
        Assert.Null(await client.UnavailableAsync(TestContext.Current.CancellationToken));
        engine.StopListening();
        Assert.StartsWith(
            $"no container engine answers at {engine.SocketPath} (", await client.UnavailableAsync(TestContext.Current.CancellationToken),
            StringComparison.Ordinal);
    }
}
