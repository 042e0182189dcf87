using Berth.Server.Codespaces;
using Berth.Server.Codespaces.Builds;
using Berth.Server.Codespaces.Workspaces;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Berth.Tests.Codespaces.Scripted;

/// <summary>
/// The labels of a codespace do not make a container its own. What was written down when the container was made says whose it is.
/// </summary>
[Trait("Suite", "hostile")]
public sealed class ForgedLabelsTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_start_takes_its_own_container()
    {
        await using var world = await ScriptedWorld.CreateAsync();
        var reached = world.Hold("clone");
        var name = await world.BeginAsync();
        await reached;
        var forged = Forge(world, name);
        world.Release();
        await world.LogAsync(name, "available");
        await world.AvailableAsync(name);
        Assert.NotEqual(forged, (await world.ContainerAsync(name)).Id);
        Assert.True((await world.ContainerAsync(name)).Running);
        Assert.Contains(world.Engine.Containers, container => container.Id == forged);
    }

    [Fact]
    public async Task Commands_that_go_on_in_the_background_are_the_own_containers()
    {
        await using var world = await ScriptedWorld.CreateAsync();
        var go = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        world.Sandbox.Files[".devcontainer.json"] = $$"""{ "image": "{{world.Image}}", "postStartCommand": "serve" }""";
        var reached = world.Hold("clone");
        var name = await world.BeginAsync();
        await reached;
        var forged = Forge(world, name);
        world.Engine.Processes = command => command.Command[^1] == "serve"
            ? new ScriptedProcess(until: go.Task)
            : ScriptedProcess.Of(command);
        world.Release();
        await world.LogAsync(name, "available");
        Assert.True((await world.RowAsync(name))!.CommandsRunning);
        Assert.NotEqual(forged, (await world.ContainerAsync(name)).Id);
        go.SetResult();
    }

    /// <summary>However a builder read the Dockerfile, the image that it made is checked.</summary>
    [Theory]
    [InlineData("berth.codespace", "bob-app")]
    [InlineData("berth.repository", "other/1")]
    [InlineData("berth.unknown", "x")]
    public async Task An_image_that_was_built_with_other_labels_is_not_used(string label, string value)
    {
        await using var world = await ScriptedWorld.CreateAsync();
        world.Sandbox.Files[".devcontainer.json"] = """{ "build": { "dockerfile": "Dockerfile" } }""";
        world.Sandbox.Files["Dockerfile"] = $"FROM {world.Server.Host}/{world.Ada.Login}/dev\nRUN true\n";
        var name = await world.CreateAsync();
        await world.AvailableAsync(name);
        var row = (await world.RowAsync(name))!;
        world.Engine.BuiltLabels = new Dictionary<string, string>(
            world.Server.Services.GetRequiredService<BuiltImages>().Labels(row))
        {
            [label] = value,
        };
        var failed = await world.CreateAsync();
        Assert.Contains(
            $"changes the label {label}: labels that begin with berth.", await world.FailureAsync(failed), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Stopping_rebuilding_and_deleting_leave_it_alone()
    {
        await using var world = await ScriptedWorld.CreateAsync();
        var name = await world.CreateAsync();
        var forged = Forge(world, name);
        await world.StopAsync(name);
        await world.UntilAsync(name, CodespaceState.Shutdown);
        Assert.True(Find(world, forged).Running);

        // The forged container runs while its codespace does not. That is no reason to stop it either.
        await world.Reconciler.RunOnceAsync(Cancel);
        await world.StartAsync(name);
        await world.AvailableAsync(name);
        Assert.NotEqual(forged, (await world.ContainerAsync(name)).Id);
        await world.Ada.DoAsync("POST", $"/user/codespaces/{name}/rebuild");
        await world.LogAsync(name, "available");
        await world.Ada.DoAsync("DELETE", $"/user/codespaces/{name}");
        await world.UntilAsync(name, "gone");
        await world.Reconciler.RunOnceAsync(Cancel);
        Assert.True(Find(world, forged).Running);
        Assert.Equal(forged, Assert.Single(world.Engine.Containers).Id);
    }

    [Fact]
    public async Task What_it_writes_does_not_count()
    {
        await using var world = await ScriptedWorld.CreateAsync("BERTH_MAX_CONTAINER_GIB=1");
        var name = await world.CreateAsync();
        Forge(world, name);
        world.Engine.Written = 1L << 30;
        await world.Server.Services.GetServices<IHostedService>().OfType<WatchContainers>().Single().RunOnceAsync(Cancel);
        await world.AvailableAsync(name);
    }

    [Fact]
    public async Task A_container_that_was_made_and_not_written_down_is_known_by_the_secret_of_its_start()
    {
        await using var world = await ScriptedWorld.CreateAsync();
        var name = await world.CreateAsync();
        await world.ExecuteAsync("delete from codespace_containers", new { });
        await world.StopAsync(name);
        await world.UntilAsync(name, CodespaceState.Shutdown);
        Assert.False((await world.ContainerAsync(name)).Running);
        await world.ExecuteAsync("delete from codespace_containers", new { });
        await world.Ada.DoAsync("DELETE", $"/user/codespaces/{name}");
        await world.UntilAsync(name, "gone");
        Assert.Empty(world.Engine.Containers);
    }

    [Fact]
    public async Task Containers_of_the_last_release_go_on_and_go_with_their_codespace()
    {
        await using var world = await ScriptedWorld.CreateAsync();
        var name = await world.CreateAsync();
        var old = await world.ContainerAsync(name);
        world.Engine.Drop(old.Id);
        await world.ExecuteAsync("delete from codespace_containers", new { });
        await world.ExecuteAsync("delete from codespace_starts", new { });
        var labels = new Dictionary<string, string>
        {
            ["berth.codespace"] = name,
            ["berth.host"] = world.Host,
            ["berth.role"] = "dev",
        };
        var container = world.Engine.MakeNamed($"berth-{name}", running: true, labels);
        var service = world.Engine.MakeNamed(
            $"berth-{name}.db", running: true, new Dictionary<string, string>(labels) { ["berth.role"] = "service" });

        // The row is in the state in which the migration finds it.
        await world.ExecuteAsync("update codespaces set container_id = @container where name = @name", new { container, name });
        await world.StopAsync(name);
        await world.UntilAsync(name, CodespaceState.Shutdown);
        Assert.False(Find(world, container).Running);
        Assert.False(Find(world, service).Running);
        await world.StartAsync(name);
        await world.AvailableAsync(name);
        Assert.Equal(container, (await world.ContainerAsync(name)).Id);
        await world.Ada.DoAsync("DELETE", $"/user/codespaces/{name}");
        await world.UntilAsync(name, "gone");
        Assert.Empty(world.Engine.Containers);
    }

    [Theory]
    [InlineData("berth.codespace")]
    [InlineData("berth.anything")]
    public async Task An_image_with_a_label_of_Berths_is_refused_by_the_labels_name(string label)
    {
        await using var world = await ScriptedWorld.CreateAsync();
        world.Engine.ImageLabels = new Dictionary<string, string> { ["Berth.mine"] = "x", [label] = "x" };
        var name = await world.CreateAsync();
        Assert.Contains(
            $"carries the label {label}: labels that begin with berth. are", await world.FailureAsync(name), StringComparison.Ordinal);
        world.Engine.DropImages();
        world.Engine.ImageLabels = new Dictionary<string, string> { ["Berth.mine"] = "x" };
        await world.StartAsync(name);
        await world.AvailableAsync(name);
    }

    [Fact]
    public async Task A_container_carries_Berths_words_for_every_label_of_Berths()
    {
        await using var world = await ScriptedWorld.CreateAsync();
        var labels = (await world.ContainerAsync(await world.CreateAsync())).Labels;
        Assert.Equal(
            ["berth.codespace", "berth.host", "berth.repository", "berth.role", "berth.service", "berth.start"],
            labels.Keys.Where(BerthLabels.IsOwn).Order(StringComparer.Ordinal));
        Assert.Equal(("", ""), (labels["berth.repository"], labels["berth.service"]));
        Assert.True(labels["berth.start"].Length >= 43);
    }

    [Fact]
    public async Task A_builds_containers_are_limited_by_their_group_whatever_they_carry()
    {
        var engine = new ScriptedContainers();
        await using var watch = await BuildWatch.StartAsync(engine, TimeProvider.System, "/group", 64, 1 << 20, Cancel);
        var foreign = engine.Make(running: true, ("berth.repository", "here/1"));
        var own = engine.Make(running: true, ("berth.repository", "somebody"));
        engine.Change(foreign, container => container with { CgroupParent = "/another" });
        engine.Change(own, container => container with { CgroupParent = "/group" });
        engine.TellCreation(foreign);
        engine.TellCreation(own);
        while (engine.Limited.Count == 0)
        {
            await Task.Delay(10, Cancel);
        }

        Assert.Equal([own], engine.Limited);
        Assert.False(watch.Exceeded.IsCancellationRequested);
    }

    /// <summary>Makes a container with the labels that an attacker's image would give it.</summary>
    private static string Forge(ScriptedWorld world, string codespace) => world.Engine.Make(
        running: true, ("berth.codespace", codespace), ("berth.host", world.Host), ("berth.role", "dev"));

    private static Berth.Server.Codespaces.Engine.EngineContainer Find(ScriptedWorld world, string id) =>
        world.Engine.Containers.Single(container => container.Id == id);
}
