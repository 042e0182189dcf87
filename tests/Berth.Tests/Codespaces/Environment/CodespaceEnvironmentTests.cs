using System.Text.Json.Nodes;
using Berth.Server.Codespaces.Gate;
using Berth.Server.Codespaces.Environment;

namespace Berth.Tests.Codespaces.Environment;

/// <summary>What the filtered engine socket adds to the processes that the dev container tools start.</summary>
public sealed class CodespaceEnvironmentTests
{
    private readonly List<string> _ready = [];

    [Fact]
    public async Task A_lifecycle_command_gets_Berths_variables_after_its_own_and_each_once()
    {
        var body = await AddAsync(
            """{"Cmd":["/bin/sh","-c","make"],"WorkingDir":"/workspaces/app","User":"dev","Env":["A=1","TOKEN=theirs"]}""");
        Assert.Equal(["A=1", "TOKEN=ours", "KEY=a=b"], body["Env"]!.AsArray().Select(entry => (string)entry!));
        Assert.Equal(["box dev"], _ready);
    }

    [Theory]
    [InlineData("""{"Cmd":["/bin/sh"],"User":"dev"}""")]
    [InlineData(
        """{"Cmd":["/bin/sh","-lic","echo -n 8a4fcb9e-3c39-4b62-9e51-0b8e3c1f2a10; cat /proc/self/environ; echo -n 8a4fcb9e-3c39-4b62-9e51-0b8e3c1f2a10"],"WorkingDir":"/w","User":"dev"}""")]
    [InlineData(
        """{"Cmd":["/bin/sh","-lic","echo -n 8a4fcb9e-3c39-4b62-9e51-0b8e3c1f2a10; printenv; echo -n 8a4fcb9e-3c39-4b62-9e51-0b8e3c1f2a10"],"WorkingDir":"/w","User":"dev"}""")]
    public async Task What_the_tools_ask_for_themselves_gets_none(string text)
    {
        Assert.Null((await AddAsync(text))["Env"]);
        Assert.Empty(_ready);
    }

    [Fact]
    public async Task A_command_that_only_looks_like_their_probe_gets_them()
    {
        var body = await AddAsync(
            """{"Cmd":["/bin/sh","-c","echo -n 8a4fcb9e-3c39-4b62-9e51-0b8e3c1f2a10; printenv; echo -n 9a4fcb9e-3c39-4b62-9e51-0b8e3c1f2a10"],"WorkingDir":"/w"}""");
        Assert.Equal(2, body["Env"]!.AsArray().Count);
    }

    [Theory]
    [InlineData("dev", "box dev")]
    [InlineData(null, null)]
    public void Files_are_made_ready_for_the_remote_user_as_soon_as_the_container_runs(string? expected, string? ready)
    {
        (Environment() with { Expected = expected }).Started("box");
        Assert.Equal(ready is null ? [] : [ready], _ready);
    }

    private CodespaceEnvironment Environment() => new(
        new Dictionary<string, string> { ["TOKEN"] = "ours", ["KEY"] = "a=b" },
        (container, user, _) =>
        {
            _ready.Add($"{container} {user}");
            return Task.CompletedTask;
        });

    private async Task<JsonObject> AddAsync(string text)
    {
        var call = await Environment()
            .AddAsync(
                "box", new GateCall("POST", "/containers/box/exec", System.Text.Encoding.UTF8.GetBytes(text)),
                TestContext.Current.CancellationToken);
        return JsonNode.Parse(call.Body)!.AsObject();
    }
}
