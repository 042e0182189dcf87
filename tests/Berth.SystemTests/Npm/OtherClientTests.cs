using Berth.SystemTests.Fixtures.Clients;
using Berth.SystemTests.Fixtures.Server;
using Berth.SystemTests.Fixtures.Tools;

namespace Berth.SystemTests.Npm;

/// <summary>What else publishes to an npm registry and installs from one, each with the settings that it reads.</summary>
public sealed class OtherClientTests(SharedServer shared) : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private Person? _ada;
    private NpmClient? _client;
    private string _acme = "";

    private string Lib => $"@{_acme}/lib";

    public async ValueTask InitializeAsync()
    {
        _ada = await shared.Process.UserAsync("ada");
        _acme = await _ada.OrganizationAsync("acme");
        _client = new NpmClient(_folder, shared.Process, "ada", _acme, _ada.Token);
    }

    public ValueTask DisposeAsync()
    {
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task Pnpm_publishes_and_installs()
    {
        await _client!.Pnpm(_client.Package(Lib, "1.0.0")).RunAsync("publish", "--no-git-checks");
        var app = _client.Project();
        await _client.Pnpm(app).RunAsync("add", Lib);
        Directory.Delete(Path.Combine(app, "node_modules"), recursive: true);
        await _client.Pnpm(app).RunAsync("install", "--frozen-lockfile");
        Assert.Equal("here", await _client.RequireAsync(app, Lib));
    }

    [Fact]
    public async Task Yarn_1_publishes_and_installs()
    {
        await _client!.ClassicYarn(_client.Package(Lib, "1.0.0")).RunAsync("publish", "--non-interactive", "--new-version", "1.0.0");
        var app = _client.Project();
        await _client.ClassicYarn(app).RunAsync("add", "--non-interactive", Lib);
        Directory.Delete(Path.Combine(app, "node_modules"), recursive: true);
        await _client.ClassicYarn(app).RunAsync("install", "--non-interactive", "--frozen-lockfile");
        Assert.Equal("here", await _client.RequireAsync(app, Lib));
    }

    /// <summary>It reads no <c>.npmrc</c>, and waits some days with what is not approved.</summary>
    [Fact]
    public async Task Yarn_4_publishes_and_installs()
    {
        var package = _client!.Package(Lib, "1.0.0");
        await SettingsAsync(package);
        await _client.BerryYarn(package).RunAsync("install", "--no-immutable");
        await _client.BerryYarn(package).RunAsync("npm", "publish");
        var app = _client.Project();
        await SettingsAsync(app);
        await _client.BerryYarn(app).RunAsync("add", Lib);
        Directory.Delete(Path.Combine(app, "node_modules"), recursive: true);
        await _client.BerryYarn(app).RunAsync("install", "--immutable");
        Assert.Equal("here", await _client.RequireAsync(app, Lib));
    }

    private async Task SettingsAsync(string folder)
    {
        var token = TestContext.Current.CancellationToken;
        await File.WriteAllTextAsync(Path.Combine(folder, "yarn.lock"), "", token);
        await File.WriteAllTextAsync(
            Path.Combine(folder, ".yarnrc.yml"),
            $"""
            nodeLinker: node-modules
            enableGlobalCache: false
            unsafeHttpWhitelist: [localhost]
            npmRegistryServer: "http://localhost:9"
            npmPreapprovedPackages: ["@{_acme}/*"]
            npmScopes:
              {_acme}:
                npmRegistryServer: "{_client!.Registry.TrimEnd('/')}"
                npmPublishRegistry: "{_client.Registry.TrimEnd('/')}"
                npmAuthToken: "{_ada!.Token}"
            """,
            token);
    }
}
