using Berth.SystemTests.Fixtures.Server;

namespace Berth.SystemTests.Npm;

/// <summary>Other clients that publish to an npm registry and install from it, each with the settings that it reads.</summary>
public sealed class OtherClientTests(SharedServer shared) : NpmClientTest(shared)
{
    [Fact]
    public async Task Pnpm_publishes_and_installs()
    {
        await Ada.Pnpm(Ada.Package(Lib, "1.0.0")).RunAsync("publish", "--no-git-checks");
        var app = Ada.Project();
        await Ada.Pnpm(app).RunAsync("add", Lib);
        Directory.Delete(Path.Combine(app, "node_modules"), recursive: true);
        await Ada.Pnpm(app).RunAsync("install", "--frozen-lockfile");
        Assert.Equal("here", await Ada.RequireAsync(app, Lib));
    }

    [Fact]
    public async Task Yarn_1_publishes_and_installs()
    {
        await Ada.ClassicYarn(Ada.Package(Lib, "1.0.0")).RunAsync("publish", "--non-interactive", "--new-version", "1.0.0");
        var app = Ada.Project();
        await Ada.ClassicYarn(app).RunAsync("add", "--non-interactive", Lib);
        Directory.Delete(Path.Combine(app, "node_modules"), recursive: true);
        await Ada.ClassicYarn(app).RunAsync("install", "--non-interactive", "--frozen-lockfile");
        Assert.Equal("here", await Ada.RequireAsync(app, Lib));
    }

    /// <summary>It reads no <c>.npmrc</c>, and delays the installation of unapproved versions by some days.</summary>
    [Fact]
    public async Task Yarn_4_publishes_and_installs()
    {
        var package = Ada.Package(Lib, "1.0.0");
        await SettingsAsync(package);
        await Ada.BerryYarn(package).RunAsync("install", "--no-immutable");
        await Ada.BerryYarn(package).RunAsync("npm", "publish");
        var app = Ada.Project();
        await SettingsAsync(app);
        await Ada.BerryYarn(app).RunAsync("add", Lib);
        Directory.Delete(Path.Combine(app, "node_modules"), recursive: true);
        await Ada.BerryYarn(app).RunAsync("install", "--immutable");
        Assert.Equal("here", await Ada.RequireAsync(app, Lib));
    }

    private async Task SettingsAsync(string folder)
    {
        await File.WriteAllTextAsync(Path.Combine(folder, "yarn.lock"), "", Token);
        await File.WriteAllTextAsync(
            Path.Combine(folder, ".yarnrc.yml"),
            $"""
            nodeLinker: node-modules
            enableGlobalCache: false
            unsafeHttpWhitelist: [localhost]
            npmRegistryServer: "http://localhost:9"
            npmPreapprovedPackages: ["@{Acme}/*"]
            npmScopes:
              {Acme}:
                npmRegistryServer: "{Ada.Registry.TrimEnd('/')}"
                npmPublishRegistry: "{Ada.Registry.TrimEnd('/')}"
                npmAuthToken: "{Person.Token}"
            """,
            Token);
    }
}
