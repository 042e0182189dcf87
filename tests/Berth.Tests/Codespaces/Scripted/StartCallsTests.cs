namespace Berth.Tests.Codespaces.Scripted;

/// <summary>What a start asks the engine for. Each call takes time for which somebody waits.</summary>
public sealed class StartCallsTests
{
    [Fact]
    public async Task A_first_start_asks_for_nothing_twice()
    {
        await using var world = await ScriptedWorld.CreateAsync();
        await world.CreateAsync();
        var before = world.Engine.Calls.Count;
        await world.CreateAsync();
        var calls = world.Engine.Calls.Skip(before).CountBy(call => call).ToDictionary();
        Assert.Equal(1, calls["CreateContainer"]);
        Assert.Equal(1, calls["Facts"]);
        Assert.DoesNotContain("NamedImages", calls.Keys);
    }

    /// <summary>Each process in a container costs a tenth of a second.</summary>
    [Fact]
    public async Task One_process_writes_the_files_and_asks_the_shell()
    {
        await using var world = await ScriptedWorld.CreateAsync();
        var name = await world.CreateAsync();
        await world.LogAsync(name);
        Assert.Equal(["/bin/sh", "git"], world.Engine.Commands.Select(command => command.Command[0]));
    }

    [Fact]
    public async Task Whoever_waits_for_a_start_does_not_wait_for_git()
    {
        await using var world = await ScriptedWorld.CreateAsync();
        var (begun, answers, looks) = (new TaskCompletionSource(), new TaskCompletionSource(), 0);
        world.Engine.Processes = command =>
        {
            if (command.Command[0] != "git")
            {
                return ScriptedProcess.Of(command);
            }

            Interlocked.Increment(ref looks);
            begun.TrySetResult();
            return new ScriptedProcess("# branch.head topic\n", until: answers.Task);
        };
        var name = await world.CreateAsync();
        await begun.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        var seen = await world.Ada.DoAsync("GET", $"/user/codespaces/{name}");
        Assert.Equal("Available", seen["state"].GetString());
        Assert.Equal(1, looks);
        answers.SetResult();
        while ((await world.RowAsync(name))!.GitRef is null)
        {
            await Task.Delay(10, TestContext.Current.CancellationToken);
        }
    }
}
