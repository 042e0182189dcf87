using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Berth.SystemTests.Fixtures.Clients;
using Berth.SystemTests.Fixtures.Server;

namespace Berth.SystemTests.Npm;

/// <summary>What a <c>package.json</c> can say about an installation, published and installed by npm.</summary>
public sealed class ManifestTests(SharedServer shared) : NpmClientTest(shared)
{
    [Fact]
    public async Task Commands_and_install_scripts_are_known_before_the_tarball_is_read()
    {
        await Ada.NpmAsync(
            Ada.Package(
                Named("tool"), "1.0.0",
                new JsonObject
                {
                    ["bin"] = "index.js",
                    ["scripts"] = new JsonObject { ["postinstall"] = "node -e \"require('fs').writeFileSync('done', '')\"" },
                },
                "#!/usr/bin/env node\nconsole.log('a tool')"),
            "publish");
        var app = Ada.Project();
        await Ada.NpmAsync(app, "install", Named("tool"), "--package-lock-only");
        var locked = (await LockAsync(app))[$"node_modules/{Named("tool")}"]!;
        Assert.Equal("index.js", (string)locked["bin"]!["tool"]!);
        Assert.True((bool)locked["hasInstallScript"]!);
        await Ada.NpmAsync(app, "ci", "--foreground-scripts");
        Assert.Equal("a tool", (await Ada.NpmAsync(app, "exec", "--offline", "--", "tool")).Line);
        Assert.True(File.Exists(Path.Combine(app, "node_modules", Named("tool"), "done")));

        // The newest npm runs a package's scripts only when somebody has allowed them, and reports the others.
        var careful = Client("careful", Person.Token, NpmClient.Newest);
        var other = careful.Project();
        var output = (await careful.NpmAsync(other, "install", Named("tool"))).All;
        Assert.Contains(Named("tool"), output, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(other, "node_modules", Named("tool"), "done")));
    }

    [Fact]
    public async Task What_a_package_bundles_is_asked_for_nowhere()
    {
        var package = Ada.Package(
            Lib, "1.0.0",
            new JsonObject
            {
                ["dependencies"] = new JsonObject { ["inner"] = "1.0.0" },
                ["bundledDependencies"] = new JsonArray("inner"),
            },
            "module.exports = require('inner')");
        var inner = Path.Combine(package, "node_modules", "inner");
        Directory.CreateDirectory(inner);
        await File.WriteAllTextAsync(Path.Combine(inner, "package.json"), """{"name":"inner","version":"1.0.0"}""", Token);
        await File.WriteAllTextAsync(Path.Combine(inner, "index.js"), "module.exports = 'from inside'", Token);
        await Ada.NpmAsync(package, "publish");
        var app = Ada.Project();
        await Ada.NpmAsync(app, "install", Lib);
        Assert.Equal("from inside", await Ada.RequireAsync(app, Lib));
        Assert.True((bool)(await LockAsync(app))[$"node_modules/{Lib}/node_modules/inner"]!["inBundle"]!);
        Directory.Delete(Ada.Cache, recursive: true);
        await Ada.NpmAsync(app, "ci");
        Assert.Equal("from inside", await Ada.RequireAsync(app, Lib));
    }

    [Fact]
    public async Task Peers_come_along_or_are_in_the_way_and_what_is_optional_may_be_missing()
    {
        await Ada.PublishAsync(Lib, "1.0.0");
        await Ada.PublishAsync(Lib, "2.0.0");
        await Ada.PublishAsync(Named("elsewhere"), "1.0.0", new JsonObject { ["os"] = new JsonArray("win32") });
        await Ada.PublishAsync(Named("extra"), "1.0.0");
        var plugin = Named("plugin");
        await Ada.PublishAsync(
            plugin, "1.0.0",
            new JsonObject
            {
                ["peerDependencies"] = new JsonObject { [Lib] = "^1.0.0", [Named("extra")] = "^1.0.0" },
                ["peerDependenciesMeta"] = new JsonObject { [Named("extra")] = new JsonObject { ["optional"] = true } },
                ["optionalDependencies"] = new JsonObject { [Named("elsewhere")] = "^1.0.0", [Named("nowhere")] = "^1.0.0" },
            });
        var app = Ada.Project();
        await Ada.NpmAsync(app, "install", plugin);
        var locked = await LockAsync(app);
        Assert.Equal("1.0.0", (string)locked[$"node_modules/{Lib}"]!["version"]!);
        Assert.True((bool)locked[$"node_modules/{Lib}"]!["peer"]!);
        Assert.True((bool)locked[$"node_modules/{Named("elsewhere")}"]!["optional"]!);
        Assert.False(locked.ContainsKey($"node_modules/{Named("extra")}"));
        Assert.Equal(
            ["lib", "plugin"],
            Directory.GetDirectories(Path.Combine(app, "node_modules", "@" + Acme)).Select(Path.GetFileName).Order(StringComparer.Ordinal));

        var other = Ada.Project();
        await Ada.NpmAsync(other, "install", $"{Lib}@2");
        Assert.Contains("ERESOLVE", (await Ada.RefusedAsync(other, "install", plugin)).All, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Twenty_megabytes_arrive_as_they_left()
    {
        var package = Ada.Package(Lib, "1.0.0");
        var content = RandomNumberGenerator.GetBytes(20_000_000);
        await File.WriteAllBytesAsync(Path.Combine(package, "content.bin"), content, Token);
        await Ada.NpmAsync(package, "publish");
        var app = Ada.Project();
        Directory.Delete(Ada.Cache, recursive: true);
        await Ada.NpmAsync(app, "install", Lib);
        Assert.Equal(content, await File.ReadAllBytesAsync(Path.Combine(app, "node_modules", Lib, "content.bin"), Token));
    }

    [Theory]
    [InlineData(NpmClient.Usual)]
    [InlineData(NpmClient.Newest)]
    public async Task A_repository_of_several_packages_publishes_them_at_once(string npm)
    {
        var ada = Client("ada", Person.Token, npm);
        var root = ada.Package(
            "workspaces", "1.0.0", new JsonObject { ["private"] = true, ["workspaces"] = new JsonArray("packages/*") });
        foreach (var (name, needs) in new[] { ("one", ""), ("two", $$"""{"{{Named("one")}}":"^1.0.0"}"""), ("three", "") })
        {
            var folder = Directory.CreateDirectory(Path.Combine(root, "packages", name)).FullName;
            var secret = name == "three" ? ""","private":true""" : "";
            await File.WriteAllTextAsync(
                Path.Combine(folder, "package.json"),
                $$"""{"name":"{{Named(name)}}","version":"1.0.0"{{secret}}{{(needs.Length > 0 ? $",\"dependencies\":{needs}" : "")}}}""", Token);
            await File.WriteAllTextAsync(Path.Combine(folder, "index.js"), $"module.exports = '{name}'\n", Token);
        }

        var output = (await ada.NpmAsync(root, "publish", "--workspaces")).Text;
        Assert.Contains($"+ {Named("one")}@1.0.0", output, StringComparison.Ordinal);
        Assert.Contains($"+ {Named("two")}@1.0.0", output, StringComparison.Ordinal);
        Assert.Contains("E404", (await ada.RefusedAsync(ada.Home, "view", Named("three"))).All, StringComparison.Ordinal);
        var app = ada.Project();
        await ada.NpmAsync(app, "install", Named("two"));
        Assert.Equal("one", await ada.RequireAsync(app, Named("one")));
    }
}
