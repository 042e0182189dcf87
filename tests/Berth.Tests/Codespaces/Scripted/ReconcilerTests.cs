using System.Net;
using Berth.Server.Codespaces;

namespace Berth.Tests.Codespaces.Scripted;

/// <summary>A codespace becomes what is desired of it, whatever happens to the server, the engine and the container meanwhile.</summary>
public sealed class ReconcilerTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_new_codespace_gets_a_network_and_a_container_that_runs()
    {
        await using var world = await ScriptedWorld.CreateAsync();
        var name = await world.CreateAsync();
        await world.AvailableAsync(name);
        Assert.True((await world.ContainerAsync(name)).Running);
        Assert.Equal(1, world.Engine.Networks);
    }

    [Fact]
    public async Task A_stopped_codespace_goes_on_with_the_same_container()
    {
        await using var world = await ScriptedWorld.CreateAsync();
        var name = await world.CreateAsync();
        var container = (await world.ContainerAsync(name)).Id;
        await world.StopAsync(name);
        await world.UntilAsync(name, CodespaceState.Shutdown);
        Assert.False((await world.ContainerAsync(name)).Running);
        await world.StartAsync(name);
        await world.AvailableAsync(name);
        Assert.Equal(container, (await world.ContainerAsync(name)).Id);
        Assert.True((await world.ContainerAsync(name)).Running);
    }

    [Fact]
    public async Task A_deleted_codespace_leaves_nothing()
    {
        await using var world = await ScriptedWorld.CreateAsync();
        var name = await world.CreateAsync();
        var folder = world.Folders(await world.RowAsync(name)).Root;
        Assert.True(Directory.Exists(folder));
        await world.Ada.DoAsync("DELETE", $"/user/codespaces/{name}");
        await world.UntilAsync(name, "gone");
        Assert.Empty(world.Engine.Containers);
        Assert.Equal(0, world.Engine.Networks);
        Assert.False(Directory.Exists(folder));
    }

    [Fact]
    public async Task A_stop_cuts_a_start_off()
    {
        await using var world = await ScriptedWorld.CreateAsync();
        var reached = world.Hold("Pull");
        var name = await world.BeginAsync();
        await reached;
        await world.StopAsync(name);
        await world.UntilAsync(name, CodespaceState.Shutdown);
        world.Release();
        await world.StartAsync(name);
        await world.AvailableAsync(name);
    }

    [Fact]
    public async Task A_deletion_cuts_a_start_off()
    {
        await using var world = await ScriptedWorld.CreateAsync();
        var reached = world.Hold("CreateContainer");
        var name = await world.BeginAsync();
        await reached;
        await world.Ada.DoAsync("DELETE", $"/user/codespaces/{name}");
        await world.UntilAsync(name, "gone");
        Assert.Empty(world.Engine.Containers);
        Assert.Equal(0, world.Engine.Networks);
    }

    [Fact]
    public async Task A_start_that_the_end_of_the_server_cuts_off_at_any_step_is_finished_by_the_next_server()
    {
        await using var world = await ScriptedWorld.CreateAsync();
        await world.CreateAsync();
        var steps = world.Engine.Calls.Where(call => call is not ("LabelledImages" or "Written" or "Stop" or "Remove"))
            .Distinct()
            .Append("clone")
            .ToList();
        Assert.Contains("Pull", steps);
        Assert.Contains("CreateNetwork", steps);
        foreach (var step in steps)
        {
            world.Engine.DropImages();
            var reached = world.Hold(step);
            var name = await world.BeginAsync();
            await reached;
            await world.Server.RestartAsync();
            world.Release();
            await world.LogAsync(name, "available");
            Assert.True(
                await world.StateAsync(name) == CodespaceState.Available,
                $"cut off at {step}: {await world.StateAsync(name)}: {await world.LogNowAsync(name)}");
            Assert.Single(world.Engine.Containers, container => container.Labels["berth.codespace"] == name);
            await world.Ada.DoAsync("DELETE", $"/user/codespaces/{name}");
            await world.UntilAsync(name, "gone");
        }
    }

    [Fact]
    public async Task What_is_being_stopped_is_started_once_it_has_stopped()
    {
        await using var world = await ScriptedWorld.CreateAsync();
        var name = await world.CreateAsync();
        var reached = world.Hold("Stop");
        await world.StopAsync(name);
        await reached;
        var refused = await world.Ada.SendAsync("POST", $"/user/codespaces/{name}/start");
        Assert.Equal(HttpStatusCode.Conflict, refused.Status);
        Assert.Equal("the codespace is shutting down; start it once it is Shutdown", refused["message"].GetString());
        world.Release();
        await world.UntilAsync(name, CodespaceState.Shutdown);
        await world.StartAsync(name);
        await world.AvailableAsync(name);
    }

    [Fact]
    public async Task A_stop_that_the_end_of_the_server_cuts_off_is_finished_by_the_next_server()
    {
        await using var world = await ScriptedWorld.CreateAsync();
        var name = await world.CreateAsync();
        var reached = world.Hold("Stop");
        await world.StopAsync(name);
        await reached;
        await world.Server.RestartAsync();
        world.Release();
        await world.UntilAsync(name, CodespaceState.Shutdown);
        Assert.False((await world.ContainerAsync(name)).Running);
    }

    [Theory]
    [InlineData("Remove")]
    [InlineData("RemoveNetwork")]
    [InlineData("NamedImages")]
    public async Task A_deletion_that_the_end_of_the_server_cuts_off_is_finished_by_the_next_server(string step)
    {
        await using var world = await ScriptedWorld.CreateAsync();
        var name = await world.CreateAsync();
        var reached = world.Hold(step);
        await world.Ada.DoAsync("DELETE", $"/user/codespaces/{name}");
        await reached;
        await world.Server.RestartAsync();
        world.Release();
        await world.UntilAsync(name, "gone");
        Assert.Empty(world.Engine.Containers);
        Assert.Equal(0, world.Engine.Networks);
    }

    [Fact]
    public async Task A_container_that_runs_goes_on_over_a_restart_of_the_server()
    {
        await using var world = await ScriptedWorld.CreateAsync();
        var name = await world.CreateAsync();
        var container = await world.ContainerAsync(name);
        await world.Server.RestartAsync();
        await world.Reconciler.RunOnceAsync(Cancel);
        await world.AvailableAsync(name);
        Assert.Equal(container.StartedAt, (await world.ContainerAsync(name)).StartedAt);
    }

    [Fact]
    public async Task A_container_that_has_ended_stops_its_codespace_and_keeps_it()
    {
        await using var world = await ScriptedWorld.CreateAsync();
        var name = await world.CreateAsync();
        world.Engine.Restart();
        await world.UntilAsync(name, CodespaceState.Shutdown);
        Assert.Contains("the container has ended (exit code 143)", await world.LogNowAsync(name), StringComparison.Ordinal);
        await world.StartAsync(name);
        Assert.Contains("the container of the last start is there", await world.LogNowAsync(name), StringComparison.Ordinal);
        await world.AvailableAsync(name);
    }

    [Fact]
    public async Task A_container_that_is_gone_is_made_anew_at_the_next_start()
    {
        await using var world = await ScriptedWorld.CreateAsync();
        var name = await world.CreateAsync();
        var before = (await world.ContainerAsync(name)).Id;
        world.Engine.Drop(before);
        await world.UntilAsync(name, CodespaceState.Shutdown);
        Assert.Contains("the container is gone", await world.LogNowAsync(name), StringComparison.Ordinal);
        await world.StartAsync(name);
        await world.AvailableAsync(name);
        Assert.NotEqual(before, (await world.ContainerAsync(name)).Id);
    }

    [Fact]
    public async Task A_rebuild_makes_a_new_container_in_the_workspace_that_is_there()
    {
        await using var world = await ScriptedWorld.CreateAsync();
        var name = await world.CreateAsync();
        var before = (await world.ContainerAsync(name)).Id;
        await world.Ada.DoAsync("POST", $"/user/codespaces/{name}/rebuild");
        Assert.Contains("the workspace is there", await world.LogAsync(name, "available"), StringComparison.Ordinal);
        await world.AvailableAsync(name);
        Assert.NotEqual(before, Assert.Single(world.Engine.Containers).Id);
    }

    /// <summary>A mistake in the configuration is corrected from inside, so people must be able to get in.</summary>
    [Theory]
    [InlineData("{ \"image\": [7] }", "image must be a text")]
    [InlineData("{", "devcontainer.json")]
    [InlineData("{ \"build\": { \"dockerfile\": \"Gone\" } }", "the repository has no Gone")]
    public async Task A_rebuild_that_is_refused_goes_on_in_the_container_of_before(string configuration, string reason)
    {
        await using var world = await ScriptedWorld.CreateAsync();
        var name = await world.CreateAsync();
        await world.AvailableAsync(name);
        var before = (await world.ContainerAsync(name)).Id;
        var file = Path.Combine(world.Folders(await world.RowAsync(name)).Workspace("app"), ".devcontainer.json");
        var whole = await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(file, configuration, TestContext.Current.CancellationToken);

        await world.Ada.DoAsync("POST", $"/user/codespaces/{name}/rebuild");
        Assert.Contains("in its container of before", await world.LogAsync(name, "available"), StringComparison.Ordinal);
        await world.AvailableAsync(name);
        Assert.Equal(before, Assert.Single(world.Engine.Containers).Id);
        var row = (await world.RowAsync(name))!;
        Assert.Contains(reason, row.Failure, StringComparison.Ordinal);
        Assert.False(row.Rebuild);

        await File.WriteAllTextAsync(file, whole, TestContext.Current.CancellationToken);
        await world.Ada.DoAsync("POST", $"/user/codespaces/{name}/rebuild");
        await world.LogAsync(name, "available");
        await world.AvailableAsync(name);
        Assert.NotEqual(before, Assert.Single(world.Engine.Containers).Id);
        Assert.Null((await world.RowAsync(name))!.Failure);
    }
}
