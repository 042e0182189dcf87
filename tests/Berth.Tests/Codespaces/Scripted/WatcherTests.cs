using Berth.Server.Codespaces;
using Berth.Server.Codespaces.Workspaces;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Berth.Tests.Codespaces.Scripted;

/// <summary>What the server does by itself with running codespaces.</summary>
public sealed class WatcherTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_codespace_without_use_is_stopped_after_its_idle_timeout_and_not_before()
    {
        await using var world = await ScriptedWorld.CreateAsync();
        var name = await world.CreateAsync();
        world.Server.Clock!.Advance(TimeSpan.FromMinutes(29));
        await world.LookAsync("Container");
        await world.AvailableAsync(name);

        // After a use, the idle time counts anew.
        await world.ExecAsync(name);
        world.Server.Clock.Advance(TimeSpan.FromMinutes(29));
        await world.LookAsync("Container");
        await world.AvailableAsync(name);
        world.Server.Clock.Advance(TimeSpan.FromMinutes(2));
        await world.UntilAsync(name, CodespaceState.Shutdown);
        Assert.Equal("stopped after 30 minutes without use", (await world.RowAsync(name))!.StopNotice);
        Assert.False((await world.ContainerAsync(name)).Running);
    }

    [Fact]
    public async Task Whoever_may_no_longer_read_the_repository_has_no_codespace_of_it_that_runs()
    {
        await using var world = await ScriptedWorld.CreateAsync();
        var name = await world.CreateAsync();
        await world.ForgetRepositoryAsync(name);
        await world.UntilAsync(name, CodespaceState.Failed);
        Assert.Equal($"{world.Repository} was deleted", await world.FailureAsync(name));
        Assert.Equal(0, await world.TokensAsync(name));
        await world.UntilStoppedAsync(name);
    }

    [Fact]
    public async Task The_right_ends_also_while_no_engine_answers()
    {
        await using var world = await ScriptedWorld.CreateAsync();
        var name = await world.CreateAsync();
        world.Engine.Away = "Connection refused";
        await world.ForgetRepositoryAsync(name);
        await world.UntilAsync(name, CodespaceState.Failed);
        Assert.Equal(0, await world.TokensAsync(name));
        world.Engine.Away = null;
        await world.UntilStoppedAsync(name);
    }

    [Fact]
    public async Task A_container_that_somebody_starts_by_hand_is_stopped()
    {
        await using var world = await ScriptedWorld.CreateAsync();
        var name = await world.CreateAsync();
        await world.StopAsync(name);
        await world.UntilAsync(name, CodespaceState.Shutdown);
        await world.Engine.StartAsync((await world.ContainerAsync(name)).Id, Cancel);
        await world.UntilStoppedAsync(name);
        Assert.Equal(CodespaceState.Shutdown, await world.StateAsync(name));
    }

    [Fact]
    public async Task A_container_without_a_row_is_removed_and_one_of_another_server_is_left_alone()
    {
        await using var world = await ScriptedWorld.CreateAsync();
        var name = await world.CreateAsync();
        await world.ExecuteAsync("delete from codespaces where name = @name", new { name });
        var foreign = world.Engine.Make(running: true, ("berth.codespace", "gone"), ("berth.host", "another"));
        await world.Reconciler.RunOnceAsync(Cancel);
        Assert.Equal([foreign], world.Engine.Containers.Select(container => container.Id));
    }

    [Fact]
    public async Task A_codespace_that_writes_too_much_outside_its_workspace_is_stopped_with_a_remedy()
    {
        await using var world = await ScriptedWorld.CreateAsync("BERTH_MAX_CONTAINER_GIB=1");
        var name = await world.CreateAsync();
        var watch = world.Server.Services.GetServices<IHostedService>().OfType<WatchContainers>().Single();
        world.Engine.Written = 1L << 30;
        await watch.RunOnceAsync(Cancel);
        await world.AvailableAsync(name);
        world.Engine.Written = (1L << 30) + 1;
        await watch.RunOnceAsync(Cancel);
        await world.UntilAsync(name, CodespaceState.Shutdown);
        Assert.Contains("outside its workspace", (await world.RowAsync(name))!.StopNotice, StringComparison.Ordinal);
        Assert.Contains("Remedy: rebuild it", (await world.RowAsync(name))!.StopNotice, StringComparison.Ordinal);
    }
}
