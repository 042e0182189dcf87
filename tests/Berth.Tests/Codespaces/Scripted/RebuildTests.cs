using Berth.Server.Codespaces;
using Berth.Server.Codespaces.Engine;
using Microsoft.Extensions.DependencyInjection;

namespace Berth.Tests.Codespaces.Scripted;

/// <summary>When the new container of a rebuild does not come up, people keep the earlier one.</summary>
public sealed class RebuildTests : IClassFixture<ScriptedServer>
{
    public RebuildTests(ScriptedServer shared)
    {
        World = shared.World;
        World.Reset();
    }

    private ScriptedWorld World { get; }

    [Fact]
    public Task A_container_that_ends_as_it_starts_gives_its_place_back() => GoesBackAsync(
        before => World.Engine.Started = container => container.Id == before
            ? container
            : container with { Running = false, HasEnded = true, ExitCode = 3 },
        "the dev container ended during the start (exit code 3");

    [Fact]
    public Task A_container_that_the_engine_does_not_make_leaves_the_one_of_before() => GoesBackAsync(
        _ => World.Engine.Fail("CreateContainer", "invalid CPU count", 400), "does not make the dev container: invalid CPU count");

    [Fact]
    public Task A_container_that_the_engine_does_not_start_leaves_the_one_of_before()
    {
        // The first start is that of the new container. After it the earlier one is started.
        var starts = 0;
        return GoesBackAsync(
            _ => World.Engine.On((call, _) => call == "Start" && ++starts == 1
                ? throw new EngineException(400, "unable to find user nobody-such")
                : Task.CompletedTask),
            "cannot start the dev container: unable to find user nobody-such");
    }

    /// <summary>The server was killed between two steps: the earlier container is set aside, and the new one is half made.</summary>
    [Fact]
    public async Task What_was_set_aside_when_a_server_ended_is_found_by_the_next_start()
    {
        var name = await World.CreateAsync();
        await World.AvailableAsync(name);
        var before = (await World.ContainerAsync(name)).Id;
        await World.StopAsync(name);
        await World.UntilAsync(name, CodespaceState.Shutdown);
        var row = (await World.RowAsync(name))!;
        var earlier = World.Server.Services.GetRequiredService<EarlierContainers>();
        await earlier.SetAsideAsync(row, TestContext.Current.CancellationToken);
        Assert.Null(await World.Engine.ContainerAsync(EngineNames.ContainerOf(name), TestContext.Current.CancellationToken));
        World.Engine.MakeNamed(
            EngineNames.ContainerOf(name), running: true, World.Engine.Containers.Single(container => container.Id == before).Labels);

        await World.Ada.DoAsync("POST", $"/user/codespaces/{name}/start");
        await World.UntilAsync(name, CodespaceState.Available);
        Assert.Equal(before, Mine(name).Id);
        Assert.Equal(before, (await World.ContainerAsync(name)).Id);
        Assert.False(Directory.Exists(World.Folders(row).Before));
    }

    [Fact]
    public async Task It_fetches_submodules_that_are_asked_for_since_and_leaves_what_is_there()
    {
        World.Sandbox.Files[".gitmodules"] = World.Sandbox.Files[".git/HEAD"] = "x";
        (World.Sandbox.Submodules["libs/a"], World.Sandbox.Submodules["b"]) = ("http://1.1.1.1/acme/a", "http://1.1.1.1/acme/b");
        var name = await World.CreateAsync();
        await World.AvailableAsync(name);
        var folders = World.Folders((await World.RowAsync(name))!);
        var workspace = Directory.EnumerateDirectories(folders.Workspaces)
            .Single(folder => !folder.Contains('~', StringComparison.Ordinal));
        Assert.Contains("has submodules, which are not cloned", await World.LogAsync(name), StringComparison.Ordinal);
        Assert.False(Path.Exists(Path.Combine(workspace, "libs")));

        Directory.CreateDirectory(Path.Combine(workspace, "b"));
        await File.WriteAllTextAsync(Path.Combine(workspace, "b", "mine.txt"), "mine", TestContext.Current.CancellationToken);
        var configuration = Path.Combine(workspace, ".devcontainer.json");
        await File.WriteAllTextAsync(
            configuration, $$"""{ "image": "{{World.Image}}", "customizations": { "berth": { "submodules": true } } }""",
            TestContext.Current.CancellationToken);
        await World.Ada.DoAsync("POST", $"/user/codespaces/{name}/rebuild");
        await World.LogAsync(name, "available");
        await World.AvailableAsync(name);
        Assert.True(File.Exists(Path.Combine(workspace, "libs/a/file.txt")), await World.LogAsync(name));
        Assert.True(Directory.Exists(Path.Combine(workspace, ".git/modules/libs/a")));
        Assert.Equal(["mine.txt"], Directory.EnumerateFileSystemEntries(Path.Combine(workspace, "b")).Select(Path.GetFileName));
        Assert.Equal(["http://1.1.1.1/acme/a"], await folders.SubmodulesAsync(TestContext.Current.CancellationToken));
        Assert.False(Directory.Exists(folders.CloneInProgress));
    }

    private async Task GoesBackAsync(Action<string> spoil, string reason)
    {
        var name = await World.CreateAsync();
        await World.AvailableAsync(name);
        var before = (await World.ContainerAsync(name)).Id;
        spoil(before);
        await World.Ada.DoAsync("POST", $"/user/codespaces/{name}/rebuild");
        Assert.Contains("in its container of before", await World.LogAsync(name, "available"), StringComparison.Ordinal);
        await World.AvailableAsync(name);
        var container = Mine(name);
        Assert.Equal((before, true), (container.Id, container.Running));
        var row = (await World.RowAsync(name))!;
        Assert.Contains(reason, row.Failure, StringComparison.Ordinal);
        Assert.Equal((before, false), (row.ContainerId, row.Rebuild));

        World.Engine.Heal();
        World.Engine.Started = one => one;
        await World.Ada.DoAsync("POST", $"/user/codespaces/{name}/rebuild");
        await World.LogAsync(name, "available");
        await World.AvailableAsync(name);
        Assert.NotEqual(before, Mine(name).Id);
        Assert.Null((await World.RowAsync(name))!.Failure);
        Assert.False(Directory.Exists(World.Folders(row).Before));
    }

    /// <summary>The codespace's only container.</summary>
    private EngineContainer Mine(string name) =>
        Assert.Single(World.Engine.Containers, container => container.Labels.GetValueOrDefault(BerthLabels.Codespace) == name);
}
