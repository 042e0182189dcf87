using Berth.Server.Codespaces.Engine;

namespace Berth.Tests.Codespaces.Scripted;

/// <summary>Services that need the container that people work in.</summary>
public sealed class LaterServicesTests(ScriptedServer shared) : IClassFixture<ScriptedServer>
{
    private static readonly string[] Order =
        ["starting db", "starting the dev container", "starting web", "starting mail", "running postCreateCommand"];

    private ScriptedWorld World => shared.World;

    [Fact]
    public async Task They_start_when_it_runs_and_before_its_commands()
    {
        World.Reset();
        World.Sandbox.Files["compose.yml"] = $$"""
            services:
              app: { image: {{World.Image}}, depends_on: [db], volumes: [".:/workspaces/app"] }
              db: { image: {{World.Image}} }
              web: { image: {{World.Image}}, depends_on: [app] }
              mail: { image: {{World.Image}}, network_mode: "service:app" }
            """;
        World.Sandbox.Files[".devcontainer.json"] =
            """{"dockerComposeFile": "compose.yml", "service": "app", "postCreateCommand": "a", "waitFor": "postCreateCommand"}""";
        var name = await World.CreateAsync();
        await World.AvailableAsync(name);
        Assert.Equal(Order, Said(await World.LogAsync(name)).Distinct());
        var app = (await World.RowAsync(name))!.ContainerId;
        Assert.Equal("container:" + app, (string?)World.Engine.Bodies[$"berth-{name}.mail"]["HostConfig"]!["NetworkMode"]);
        Assert.Contains(
            "\"app\",\"mail\"", World.Engine.Bodies["berth-" + name]["NetworkingConfig"]!.ToJsonString(), StringComparison.Ordinal);

        await World.StopAsync(name);
        await World.UntilAsync(name, "Shutdown");
        await World.StartAsync(name);
        await World.AvailableAsync(name);
        Assert.Equal([.. Order[..^1], .. Order[..^1]], Said(await World.LogAsync(name)).Where(line => line != Order[^1]));
    }

    [Theory]
    [InlineData(true, "the dev container ended during the start (exit code 3")]
    [InlineData(false, "the service mail does not start: cannot join the network")]
    public async Task When_one_does_not_start_the_reason_is_told(bool ended, string reason)
    {
        World.Reset();
        World.Sandbox.Files["compose.yml"] = $$"""
            services:
              app: { image: {{World.Image}}, volumes: [".:/workspaces/app"] }
              mail: { image: {{World.Image}}, network_mode: "service:app" }
            """;
        World.Sandbox.Files[".devcontainer.json"] = """{"dockerComposeFile": "compose.yml", "service": "app"}""";
        var first = true;
        World.Engine.Started = container =>
        {
            if (!first)
            {
                throw new EngineException(409, "cannot join the network of a non running container");
            }

            first = false;
            return ended ? container with { Running = false, HasEnded = true, ExitCode = 3 } : container;
        };
        Assert.StartsWith(reason, await World.FailureAsync(await World.CreateAsync()), StringComparison.Ordinal);
    }

    private static List<string> Said(string log) =>
    [
        .. log.Split('\n').Select(line => Order.FirstOrDefault(words => line.Contains(words, StringComparison.OrdinalIgnoreCase)))
            .OfType<string>(),
    ];
}
