using Berth.Server.Codespaces;
using Berth.Server.Codespaces.Builds;
using Microsoft.Extensions.DependencyInjection;

namespace Berth.Tests.Codespaces.Scripted;

/// <summary>What builds and codespaces leave on the engine is removed, even if something held on to it at first.</summary>
public sealed class LeftImagesTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Layers_of_a_build_that_was_ended_go_when_the_engine_lets_go_of_them()
    {
        await using var world = await BuildingAsync();
        var reached = world.Hold("Build");
        var name = await world.BeginAsync();
        await reached;
        var left = world.Engine.Leave(await LabelAsync(world, name), held: 3);
        await world.StopAsync(name);
        await GoneAsync(world, left);
        world.Release();
    }

    [Fact]
    public async Task Layers_of_a_build_that_goes_on_stay_when_another_of_the_repository_is_ended()
    {
        await using var world = await BuildingAsync();
        var reached = world.Hold("Build");
        var ended = await world.BeginAsync();
        await reached;
        reached = world.Hold("Build");
        var other = await world.BeginAsync();
        await reached;
        var left = world.Engine.Leave(await LabelAsync(world, ended));
        await world.StopAsync(ended);
        await world.UntilAsync(ended, CodespaceState.Shutdown);
        await Images(world).SweepAsync(patiently: true, Cancel);
        Assert.Contains(left, world.Engine.Images);
        world.Release();
        await world.LogAsync(other, "available");
        await world.AvailableAsync(other);
        await GoneAsync(world, left);
    }

    [Fact]
    public async Task Layers_of_a_build_that_failed_are_kept_for_the_next_try()
    {
        await using var world = await BuildingAsync();
        world.Engine.Fail("Build", "returned a non-zero code: 7");
        var name = await world.CreateAsync();
        var left = world.Engine.Leave(await LabelAsync(world, name));
        Assert.Contains("returned a non-zero code: 7", await world.FailureAsync(name), StringComparison.Ordinal);
        world.Engine.Heal();
        Assert.Contains(left, world.Engine.Images);
    }

    [Fact]
    public async Task What_a_server_left_that_was_killed_goes_with_the_next()
    {
        await using var world = await BuildingAsync();
        var name = await world.CreateAsync();
        var built = Assert.Single(world.Engine.Images, image => image.StartsWith("berth.invalid/", StringComparison.Ordinal));
        var left = world.Engine.Leave(await LabelAsync(world, name));
        var foreign = world.Engine.Leave("another/1");
        await world.Server.RestartAsync();
        await GoneAsync(world, left);
        Assert.Contains(built, world.Engine.Images);
        Assert.Contains(foreign, world.Engine.Images);
    }

    [Theory]
    [InlineData(3)]
    [InlineData(100)]
    public async Task An_image_that_something_holds_on_to_goes_later_than_its_codespace_and_goes(int tries)
    {
        await using var world = await BuildingAsync();
        var name = await world.CreateAsync();
        var built = Assert.Single(world.Engine.Images, image => image.StartsWith("berth.invalid/", StringComparison.Ordinal));
        world.Engine.Hold(built, tries);
        await world.Ada.DoAsync("DELETE", $"/user/codespaces/{name}");
        await world.UntilAsync(name, "gone");
        Assert.Equal(tries > 10, world.Engine.Images.Contains(built));
        world.Engine.Hold(built, 0);
        await Images(world).SweepAsync(patiently: false, Cancel);
        Assert.DoesNotContain(built, world.Engine.Images);
    }

    private static async Task<ScriptedWorld> BuildingAsync()
    {
        var world = await ScriptedWorld.CreateAsync();
        world.Sandbox.Files[".devcontainer.json"] = """{ "build": { "dockerfile": "Dockerfile" } }""";
        world.Sandbox.Files["Dockerfile"] = $"FROM {world.Server.Host}/{world.Ada.Login}/dev\nRUN true\n";
        return world;
    }

    private static BuiltImages Images(ScriptedWorld world) => world.Server.Services.GetRequiredService<BuiltImages>();

    private static async Task<string> LabelAsync(ScriptedWorld world, string name) =>
        Images(world).Labels((await world.RowAsync(name))!)["berth.repository"];

    private static async Task GoneAsync(ScriptedWorld world, string image)
    {
        for (var begin = TimeProvider.System.GetTimestamp(); world.Engine.Images.Contains(image); await Task.Delay(10, Cancel))
        {
            Assert.True(TimeProvider.System.GetElapsedTime(begin) < TimeSpan.FromSeconds(30), $"{image} stays");
        }
    }
}
