using System.Collections.Concurrent;
using Berth.Server.Codespaces;

namespace Berth.Tests.Codespaces.Scripted;

/// <summary>Starts wait for their turn, and a repository's own program does not keep anybody waiting for one.</summary>
public sealed class TurnTests
{
    private readonly TaskCompletionSource _commands = new(TaskCreationOptions.RunContinuationsAsynchronously);

    [Fact]
    public async Task Lifecycle_commands_that_last_keep_nobody_from_starting()
    {
        await using var world = await ScriptedWorld.CreateAsync("BERTH_MAX_STARTS=2", "BERTH_MAX_STARTS_PER_USER=1");
        var waiting = new ConcurrentQueue<string>();

        // People wait for this command before they can work.
        world.Sandbox.Files[".devcontainer.json"] = $$"""{ "image": "{{world.Image}}", "onCreateCommand": "make all" }""";
        world.Engine.Processes = command =>
        {
            if (command.Command[^1] != "make all" || waiting.Count >= 5)
            {
                return ScriptedProcess.Of(command);
            }

            waiting.Enqueue(command.User);
            return new ScriptedProcess(until: _commands.Task);
        };
        List<string> names = [];
        for (var i = 0; i < 5; i++)
        {
            names.Add(await world.BeginAsync());
            while (waiting.Count <= i)
            {
                await Task.Delay(10, TestContext.Current.CancellationToken);
            }
        }

        await world.AvailableAsync(await world.CreateAsync());
        foreach (var name in names)
        {
            Assert.Equal(CodespaceState.Provisioning, await world.StateAsync(name));
        }

        _commands.SetResult();
        foreach (var name in names)
        {
            await world.LogAsync(name, "available");
            await world.AvailableAsync(name);
        }
    }

    [Fact]
    public async Task A_start_that_waits_for_its_turn_says_so_and_can_be_stopped()
    {
        await using var world = await ScriptedWorld.CreateAsync("BERTH_MAX_STARTS=1");
        var reached = world.Hold("clone");
        var first = await world.BeginAsync();
        await reached;
        var second = await world.BeginAsync();
        while (!(await world.LogNowAsync(second)).Contains("waiting for a turn: 1 codespaces start at once", StringComparison.Ordinal))
        {
            await Task.Delay(10, TestContext.Current.CancellationToken);
        }

        await world.StopAsync(second);
        await world.UntilAsync(second, CodespaceState.Shutdown);
        world.Release();
        await world.LogAsync(first, "available");
        await world.AvailableAsync(first);
        await world.StartAsync(second);
        await world.AvailableAsync(second);
    }
}
