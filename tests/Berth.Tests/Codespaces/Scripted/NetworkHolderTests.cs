using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Berth.Server.Codespaces;
using Berth.Server.Codespaces.Engine;
using Berth.Server.Codespaces.Networks;

namespace Berth.Tests.Codespaces.Scripted;

/// <summary>The container that holds a codespace's network, so that the one that people work in starts without waiting for it.</summary>
public sealed class NetworkHolderTests(ScriptedServer shared) : IClassFixture<ScriptedServer>
{
    private ScriptedWorld World => shared.World;

    [Fact]
    public async Task It_may_do_nothing_and_the_container_that_people_work_in_shares_its_network()
    {
        var (name, dev, holder) = await StartAsync("");
        var id = Assert.Single(Of(name), container => container.Labels["berth.role"] == "network").Id;
        Assert.Equal("container:" + id, (string?)dev["HostConfig"]!["NetworkMode"]);
        var config = holder!["HostConfig"]!;
        Assert.Equal("berth-" + name, (string?)config["NetworkMode"]);
        Assert.Equal("""["ALL"]""", config["CapDrop"]!.ToJsonString());
        Assert.True((bool)config["ReadonlyRootfs"]!);
        Assert.Empty(config["Mounts"]!.AsArray());
        Assert.Null(config["Tmpfs"]);
        Assert.Equal("65534:65534", (string?)holder["User"]);
        Assert.Empty(holder["Env"]!.AsArray());
    }

    [Fact]
    public async Task It_goes_on_at_the_next_start()
    {
        var (name, _, _) = await StartAsync("");
        var before = Ids(name);
        await World.StopAsync(name);
        await World.UntilAsync(name, CodespaceState.Shutdown);
        Assert.DoesNotContain(Of(name), container => container.Running);
        await World.StartAsync(name);
        await World.AvailableAsync(name);
        Assert.Equal(before, Ids(name));
        Assert.All(Of(name), container => Assert.True(container.Running));
    }

    [Fact]
    public async Task Without_it_a_container_is_made_anew_with_a_network_of_its_own()
    {
        var (name, _, _) = await StartAsync("");
        await World.StopAsync(name);
        await World.UntilAsync(name, CodespaceState.Shutdown);
        World.Engine.Drop(Of(name).Single(container => container.Labels["berth.role"] == "network").Id);
        await World.StartAsync(name);
        await World.AvailableAsync(name);
        Assert.Contains("has lost its network", await World.LogNowAsync(name), StringComparison.Ordinal);
        Assert.Equal("berth-" + name, (string?)World.Engine.Bodies["berth-" + name]["HostConfig"]!["NetworkMode"]);
        Assert.Equal("dev", Assert.Single(Of(name)).Labels["berth.role"]);
    }

    /// <summary>An engine refuses names for a container that shares a network.</summary>
    [Theory]
    [InlineData("--hostname=here")]
    [InlineData("--add-host=here:127.0.0.1")]
    [InlineData("--network-alias=here")]
    public async Task A_container_with_names_has_a_network_of_its_own(string argument)
    {
        var (name, dev, _) = await StartAsync($"\"runArgs\":[\"{argument}\"]");
        Assert.Equal("berth-" + name, (string?)dev["HostConfig"]!["NetworkMode"]);
        Assert.Equal("dev", Assert.Single(Of(name)).Labels["berth.role"]);
    }

    [Fact]
    public async Task An_engine_that_does_not_take_its_image_gives_the_container_a_network_of_its_own()
    {
        World.Reset();
        World.Engine.DropImages();
        World.Engine.Fail("LoadImage", "no space left on device");
        var (name, dev, _) = await StartAsync("", reset: false);
        Assert.Equal("berth-" + name, (string?)dev["HostConfig"]!["NetworkMode"]);
    }

    [Fact]
    public async Task Its_program_waits_until_it_is_killed()
    {
        var folder = Directory.CreateTempSubdirectory("berth-wait-");
        var file = Path.Combine(folder.FullName, "wait");
        try
        {
            var architecture = RuntimeInformation.OSArchitecture == System.Runtime.InteropServices.Architecture.Arm64 ? "arm64" : "amd64";
            await File.WriteAllBytesAsync(file, NetworkHolderImage.ProgramOf(architecture), TestContext.Current.CancellationToken);
            File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserExecute);
            using var process = Process.Start(file);

            // SIGCHLD is ignored by default, so only a program that goes on can be killed.
            process.Kill();
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            Assert.Equal(128 + 9, process.ExitCode);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private IEnumerable<EngineContainer> Of(string codespace) =>
        World.Engine.Containers.Where(container => container.Labels["berth.codespace"] == codespace);

    private IReadOnlyList<string> Ids(string codespace) =>
        [.. Of(codespace).Select(container => container.Id).Order(StringComparer.Ordinal)];

    private async Task<(string Name, JsonObject Dev, JsonObject? Holder)> StartAsync(string configuration, bool reset = true)
    {
        if (reset)
        {
            World.Reset();
        }

        var more = configuration.Length > 0 ? "," + configuration : "";
        World.Sandbox.Files[".devcontainer.json"] = $$"""{ "image": "{{World.Image}}"{{more}} }""";
        var name = await World.CreateAsync();
        await World.AvailableAsync(name);
        return (name, World.Engine.Bodies["berth-" + name], World.Engine.Bodies.GetValueOrDefault($"berth-{name}..network"));
    }
}
