using Berth.SystemTests.Fixtures.Codespaces;
using Berth.SystemTests.Fixtures.Server;
using Berth.SystemTests.Fixtures.Tools;

namespace Berth.SystemTests.Codespaces;

/// <summary>Rebuilds on the real engine whose new containers do not come up.</summary>
public sealed class RebuildTests(SharedServer shared)
{
    /// <summary>
    /// People keep the earlier container, with everything that it wrote and with its service. Once the mistake is corrected, they get the
    /// one that they wanted.
    /// </summary>
    [Fact]
    public async Task A_container_that_does_not_start_leaves_people_in_the_one_of_before()
    {
        await using var world = await CodespaceWorld.CreateAsync(shared.Process);
        var image = await world.ImageAsync("dev");
        var repository = await world.RepositoryAsync(
            "app",
            (".devcontainer.json", """{ "dockerComposeFile": "compose.yaml", "service": "app", "workspaceFolder": "/workspace" }"""),
            ("compose.yaml", $$"""
                services:
                  app:
                    image: {{image}}
                    stop_signal: SIGKILL
                    command: ["sleep", "infinity"]
                    volumes: [".:/workspace"]
                  other:
                    image: {{image}}
                    stop_signal: SIGKILL
                    command: ["sleep", "99999"]
                """));
        await world.GrantAsync("dev", repository);
        var name = (await world.CreateAsync(repository)).Is("Available").Name;
        await world.ExecAsync(name, "echo mine > /written; cp .devcontainer.json compose.yaml /");

        await world.ExecAsync(
            name,
            "sed -i 's/\"service\"/\"containerUser\": \"nobody-such\", \"remoteUser\": \"root\", \"service\"/' .devcontainer.json");
        (await RebuildAsync(world, name)).Is("Available").Says(
            "the rebuild failed: the container engine cannot start the dev container", "nobody-such", "in its container of before");
        Assert.Equal("mine\n", (await world.ExecAsync(name, "cat /written")).Output);

        // A service that does not start has the same effect.
        await world.ExecAsync(name, "cp /.devcontainer.json . && sed -i 's/\"sleep\", \"99999\"/\"no-such-program\"/' compose.yaml");
        (await RebuildAsync(world, name)).Is("Available").Says("the rebuild failed: the service other does not start");
        Assert.Equal("mine\n", (await world.ExecAsync(name, "cat /written")).Output);

        await world.ExecAsync(name, "cp /compose.yaml .");
        var mended = (await RebuildAsync(world, name)).Is("Available");
        Assert.Null(mended.Failure);
        Assert.NotEqual(0, (await world.ExecAsync(name, "test -e /written")).ExitCode);
        var all = (await new Command("docker").RunAsync(
            "ps", "--all", "--format", "{{.Names}}", "--filter", $"label=berth.codespace={name}"))
            .Text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal([$"berth-{name}", $"berth-{name}.other"], all.Order(StringComparer.Ordinal));
    }

    private static async Task<Started> RebuildAsync(CodespaceWorld world, string name)
    {
        await Accounts.PostAsync(world.Api, $"/api/v3/user/codespaces/{name}/rebuild", new { });
        return await world.SettledAsync(name);
    }
}
