using Berth.SystemTests.Fixtures.Codespaces;
using Berth.SystemTests.Fixtures.Server;

namespace Berth.SystemTests.Codespaces;

/// <summary>
/// Configurations as repositories have them, started by Berth and by <c>devcontainer up</c> on the same engine. People find the same in
/// both. The configuration's file has the differences that are on purpose, with the reason.
/// </summary>
public sealed class OracleTests(OracleTests.World shared) : IClassFixture<OracleTests.World>
{
    public static TheoryData<string> Names =>
        [
            .. Directory.EnumerateFiles(WrittenConfiguration.Folder, "*.txt")
            .Select(file => Path.GetFileNameWithoutExtension(file))
            .Order(StringComparer.Ordinal),
        ];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_codespace_is_what_the_reference_makes(string name)
    {
        var written = WrittenConfiguration.Read(name, shared.Image);
        var repository = await shared.Codespaces.RepositoryAsync(name, written.Files);
        await shared.Codespaces.GrantAsync("dev", repository);
        await using var hand = new ByHand(name, written);
        // Both run side by side and to their end, since each mostly waits for the engine.
        var reference = written.Expected is { } known ? Task.FromResult(known) : hand.FactsAsync();
        var creation = shared.Codespaces.CreateAsync(repository);
        await Task.WhenAll(reference, creation);
        var (expected, started) = (await reference, (await creation).Is("Available"));
        var (output, code) = await shared.Codespaces.ExecAsync(started.Name, written.Script);
        await shared.Codespaces.DeleteAsync(started.Name);
        Assert.True(code == 0, output);
        var differences = Facts.Parse(output).DifferencesFrom(expected, written.Differences.Keys);
        Assert.True(differences.Count == 0, $"{string.Join('\n', differences)}\n\nThe log:\n{started.Log}");
    }

    /// <summary>An organization with the image from which all configurations are made.</summary>
    public sealed class World(SharedServer server) : IAsyncLifetime
    {
        private CodespaceWorld? _world;

        internal CodespaceWorld Codespaces => _world!;

        internal string Image { get; private set; } = "";

        public async ValueTask InitializeAsync()
        {
            _world = await CodespaceWorld.CreateAsync(server.Process);
            Image = await _world.ImageAsync("dev");
            await ByHand.PullAsync(Image);
        }

        public async ValueTask DisposeAsync() => await (_world?.DisposeAsync() ?? ValueTask.CompletedTask);
    }
}
