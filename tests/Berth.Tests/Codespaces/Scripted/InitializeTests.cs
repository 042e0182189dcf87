using System.Text.Json.Nodes;
using Berth.Server.Codespaces.Engine;

namespace Berth.Tests.Codespaces.Scripted;

/// <summary><c>initializeCommand</c>, on a scripted engine.</summary>
public sealed class InitializeTests : IClassFixture<ScriptedServer>
{
    public InitializeTests(ScriptedServer shared)
    {
        World = shared.World;
        World.Reset();
        World.Engine.Bodies.Clear();
        Configure("\"runArgs\": [\"--env-file\", \".env\"]");
    }

    private ScriptedWorld World { get; }

    [Fact]
    public async Task It_runs_before_the_configuration_is_read_in_a_container_that_goes()
    {
        On("make it", () => File.WriteAllText(Path.Combine(Workspace(), ".env"), "MADE=1\n"));
        var name = await World.CreateAsync();
        await World.AvailableAsync(name);
        Assert.Equal("""["MADE=1"]""", World.Engine.Bodies["berth-" + name]["Env"]!.ToJsonString());
        var command = World.Engine.Commands.Single(command => command.Command[^1] == "make it");
        Assert.Equal(("root", "/workspaces/app"), (command.User, command.Folder));
        Assert.Contains("CODESPACES=true", command.Environment);
        var body = Body();
        Assert.Equal("berth-" + name, (string?)body["HostConfig"]!["NetworkMode"]);
        Assert.Equal(["/workspaces/app"], body["HostConfig"]!["Mounts"]!.AsArray().Select(mount => (string?)mount!["Target"]));
        Assert.DoesNotContain("CODESPACES", body.ToJsonString(), StringComparison.Ordinal);
        Assert.Single(World.Engine.Containers, container => container.Labels.GetValueOrDefault("berth.codespace") == name);
    }

    [Theory]
    [InlineData(3, "initializeCommand from devcontainer.json failed with the exit code 3. The start goes on.")]
    [InlineData(null, "initializeCommand is left out: no room")]
    public async Task It_ends_no_start(int? code, string line)
    {
        Configure("");
        World.Engine.Processes = command => command.Command[^1] != "make it" ? ScriptedProcess.Of(command)
            : code is { } exit ? new ScriptedProcess("", exit) : throw new EngineException(500, "no room");
        var name = await World.CreateAsync();
        await World.AvailableAsync(name);
        Assert.Contains(line, await World.LogAsync(name), StringComparison.Ordinal);
        Assert.Single(World.Engine.Containers, container => container.Labels.GetValueOrDefault("berth.codespace") == name);
    }

    [Fact]
    public async Task A_file_that_it_would_have_made_is_missing_for_the_reason_that_it_was_left_out()
    {
        await using var world = await ScriptedWorld.CreateAsync("BERTH_DEFAULT_IMAGE=none");
        world.Sandbox.Files[".devcontainer.json"] =
            """{ "dockerComposeFile": ["compose.yml", "made.yml"], "service": "app", "initializeCommand": "make it" }""";
        world.Sandbox.Files["compose.yml"] = $"services: {{ app: {{ image: {world.Image} }} }}";
        var name = await world.CreateAsync();
        Assert.Equal(
            "the compose file: the repository has no made.yml on this branch (initializeCommand is left out: the server has no default "
                + "image (BERTH_DEFAULT_IMAGE))",
            await world.FailureAsync(name));
    }

    [Fact]
    public async Task A_rebuild_runs_it_again_and_a_start_does_not()
    {
        Configure("");
        var name = await World.CreateAsync();
        await World.StopAsync(name);
        await World.UntilAsync(name, "Shutdown");
        await World.StartAsync(name);
        Assert.Single(World.Engine.LastWords("make it"));
        await World.Ada.DoAsync("POST", $"/user/codespaces/{name}/rebuild", "{}");
        await World.LogAsync(name);
        await World.AvailableAsync(name);
        Assert.Equal(2, World.Engine.LastWords("make it").Count);
    }

    [Fact]
    public async Task A_check_says_that_it_does_not_run_it()
    {
        Configure("");
        var report = await World.Ada.DoAsync("POST", $"/repos/{World.Repository}/codespaces/preflight", "{}");
        Assert.Contains(
            report["remarks"].EnumerateArray(),
            remark => remark.GetString()!.StartsWith(
                $"initializeCommand runs at the start, in a container of {World.Image}", StringComparison.Ordinal));
        Assert.Empty(World.Engine.LastWords("make it"));
    }

    private void Configure(string more) => World.Sandbox.Files[".devcontainer.json"] =
        $$"""{ "image": "{{World.Image}}", "initializeCommand": "make it"{{(more.Length > 0 ? ", " + more : "")}} }""";

    private void On(string last, Action action) => World.Engine.Processes = command =>
    {
        if (command.Command[^1] == last)
        {
            action();
        }

        return ScriptedProcess.Of(command);
    };

    private JsonObject Body() =>
        World.Engine.Bodies.Single(body => body.Key.EndsWith("_initialize", StringComparison.Ordinal)).Value;

    private string Workspace() => (string)Body()["HostConfig"]!["Mounts"]![0]!["Source"]!;
}
