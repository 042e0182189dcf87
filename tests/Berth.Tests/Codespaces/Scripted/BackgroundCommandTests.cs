using Berth.Server.Codespaces;

namespace Berth.Tests.Codespaces.Scripted;

/// <summary>Lifecycle commands that go on after people can work in a codespace.</summary>
public sealed class BackgroundCommandTests
{
    private readonly TaskCompletionSource _commands = new(TaskCreationOptions.RunContinuationsAsynchronously);

    [Fact]
    public async Task A_codespace_is_available_while_they_run_and_says_when_they_have_ended()
    {
        await using var world = await CreateAsync();
        var name = await world.CreateAsync();
        await world.AvailableAsync(name);
        Assert.True((await world.RowAsync(name))!.CommandsRunning);
        Assert.Contains("; commands go on in the background", await world.LogNowAsync(name), StringComparison.Ordinal);
        _commands.SetResult();
        await world.LogAsync(name);
        Assert.False((await world.RowAsync(name))!.CommandsRunning);
        await world.AvailableAsync(name);
    }

    [Fact]
    public async Task Failing_they_leave_the_codespace_available()
    {
        await using var world = await CreateAsync();
        var name = await world.CreateAsync();
        _commands.SetException(new IOException("the disk is full"));
        Assert.Contains(
            "the commands in the background were broken off: the disk is full", await world.LogAsync(name), StringComparison.Ordinal);
        await world.AvailableAsync(name);
        Assert.False((await world.RowAsync(name))!.CommandsRunning);
    }

    [Fact]
    public async Task A_stop_breaks_them_off()
    {
        await using var world = await CreateAsync();
        var name = await world.CreateAsync();
        await world.StopAsync(name);
        await world.UntilAsync(name, CodespaceState.Shutdown);
        Assert.Contains(
            "the commands in the background were broken off: the codespace or the server was stopped", await world.LogNowAsync(name),
            StringComparison.Ordinal);
        Assert.False((await world.RowAsync(name))!.CommandsRunning);
    }

    [Fact]
    public async Task The_end_of_the_server_breaks_them_off_and_the_codespace_stays()
    {
        await using var world = await CreateAsync();
        var name = await world.CreateAsync();
        await world.Server.RestartAsync();
        await world.AvailableAsync(name);
        Assert.False((await world.RowAsync(name))!.CommandsRunning);
        Assert.Contains("the commands in the background were broken off", await world.LogNowAsync(name), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_was_killed_meanwhile_says_that_the_rest_did_not_run()
    {
        await using var world = await CreateAsync();
        _commands.SetResult();
        var name = await world.CreateAsync();
        await world.LogAsync(name);

        // A kill leaves a row that says that commands run, although nobody runs them.
        await world.ExecuteAsync("update codespaces set commands_running = true where name = @name", new { name });
        await world.Server.RestartAsync();
        Assert.Contains("the server ended while commands ran in the background", await world.LogAsync(name), StringComparison.Ordinal);
        await world.AvailableAsync(name);
    }

    [Fact]
    public async Task They_keep_no_other_codespace_from_starting()
    {
        await using var world = await CreateAsync();
        List<string> names = [];
        for (var i = 0; i < 6; i++)
        {
            names.Add(await world.CreateAsync());
        }

        foreach (var name in names)
        {
            await world.AvailableAsync(name);
        }
    }

    /// <summary>The postCreateCommand begins and lasts until the test ends it.</summary>
    private async Task<ScriptedWorld> CreateAsync()
    {
        var world = await ScriptedWorld.CreateAsync();
        world.Sandbox.Files[".devcontainer.json"] = $$"""{ "image": "{{world.Image}}", "postCreateCommand": "make all" }""";
        world.Engine.Processes = command => command.Command[^1] == "make all"
            ? new ScriptedProcess(until: _commands.Task)
            : ScriptedProcess.Of(command);
        return world;
    }
}
