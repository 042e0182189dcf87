namespace Berth.Tests.Codespaces.Scripted;

/// <summary>One scripted world for the tests of a class, which run one after another.</summary>
public sealed class ScriptedServer : IAsyncLifetime
{
    private ScriptedWorld? _world;

    internal ScriptedWorld World => _world ?? throw new InvalidOperationException("not started");

    public async ValueTask InitializeAsync() => _world = await ScriptedWorld.CreateAsync();

    public async ValueTask DisposeAsync()
    {
        if (_world is not null)
        {
            await _world.DisposeAsync();
        }
    }
}
