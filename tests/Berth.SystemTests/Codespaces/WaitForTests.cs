using Berth.SystemTests.Fixtures.Codespaces;
using Berth.SystemTests.Fixtures.Server;
using Berth.SystemTests.Fixtures.Tools;

namespace Berth.SystemTests.Codespaces;

/// <summary><c>waitFor</c>: people work in a codespace while later commands go on, however those end.</summary>
public sealed class WaitForTests(SharedServer shared)
{
    /// <summary>A command that goes on until somebody in the codespace ends it.</summary>
    private const string UntilTold = "until test -e /tmp/go; do sleep 0.1; done";

    [Fact]
    public async Task Later_commands_go_on_while_people_work_and_their_lines_are_in_the_log()
    {
        await using var world = await CodespaceWorld.CreateAsync(shared.Process);
        var repository = await RepositoryAsync(world, $$"""
            "updateContentCommand": "echo content > /tmp/content",
            "postCreateCommand": "{{UntilTold}}; echo the key is $API_KEY",
            "postStartCommand": "echo started > /tmp/started"
            """);
        await world.SecretAsync(repository, "API_KEY", "k-98765-secret");
        var name = await world.BeginAsync(repository);
        await world.UntilStateAsync(name, "Available");
        Assert.Equal("content\n", (await world.ExecAsync(name, "cat /tmp/content; test ! -e /tmp/started && touch /tmp/go")).Output);

        var settled = (await world.SettledAsync(name)).Is("Available").Says(
            "is available as root in /workspaces/app; commands go on in the background", "the key is ********",
            "Running postCreateCommand... succeeded", "Running postStartCommand... succeeded");
        Assert.DoesNotContain("k-98765-secret", settled.Log, StringComparison.Ordinal);
        Assert.Equal("started\n", (await world.ExecAsync(name, "cat /tmp/started")).Output);

        // Commands that run once do not run again.
        (await world.StopAsync(name)).Is("Shutdown");
        var again = (await world.StartAsync(name)).Is("Available").Says("Running postStartCommand... succeeded");
        Assert.DoesNotContain("postCreateCommand", again.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_command_that_fails_in_the_background_leaves_the_codespace_available()
    {
        await using var world = await CodespaceWorld.CreateAsync(shared.Process);
        var repository = await RepositoryAsync(
            world, """ "postCreateCommand": "echo no luck; exit 7", "postStartCommand": "touch /tmp/never" """);
        var started = (await world.CreateAsync(repository))
            .Is("Available")
            .Says("no luck", "postCreateCommand from devcontainer.json failed", "available all the same");
        Assert.Null(started.Failure);
        Assert.NotEqual(0, (await world.ExecAsync(started.Name, "test -e /tmp/never")).ExitCode);
    }

    [Fact]
    public async Task A_stop_a_rebuild_and_a_deletion_end_what_goes_on()
    {
        await using var world = await CodespaceWorld.CreateAsync(shared.Process);
        var repository = await RepositoryAsync(
            world, $$""" "postCreateCommand": "echo waiting; {{UntilTold}}", "postStartCommand": "echo started" """);
        var name = await world.BeginAsync(repository);
        await world.UntilLogAsync(name, "waiting");
        await world.UntilStateAsync(name, "Available");
        (await world.StopAsync(name))
            .Is("Shutdown")
            .Says("the commands in the background were broken off: the codespace or the server was stopped", "[stop] stopped");

        // The command was begun, so it is not begun again. Commands of every start do run.
        var again = (await world.StartAsync(name)).Is("Available").Says("Running postStartCommand... succeeded");
        Assert.DoesNotContain("waiting", again.Log, StringComparison.Ordinal);

        // A new container runs all commands again.
        await Accounts.PostAsync(world.Api, $"/api/v3/user/codespaces/{name}/rebuild", new { });
        await Patience.UntilAsync(async () => (await world.LogAsync(name)).Split("waiting").Length == 3);
        await world.UntilStateAsync(name, "Available");
        await Accounts.PostAsync(world.Api, $"/api/v3/user/codespaces/{name}/rebuild", new { });
        await Patience.UntilAsync(async () => (await world.LogAsync(name)).Split("waiting").Length == 4);
        await world.UntilStateAsync(name, "Available");
        Assert.Single(await world.ContainersAsync(name));
        await world.DeleteAsync(name);
        Assert.Empty(await world.ContainersAsync(name));
    }

    [Fact]
    public async Task A_server_that_is_killed_meanwhile_says_so_and_leaves_the_codespace_to_those_who_work_in_it()
    {
        await using var server = await ServerProcess.StartAsync("codespaces-killed-commands", null, "BERTH_ALLOW_FILE_CLONE=true");
        await using var world = await CodespaceWorld.CreateAsync(server);
        var repository = await RepositoryAsync(world, $$""" "postCreateCommand": "echo waiting; {{UntilTold}}" """);
        var name = await world.BeginAsync(repository);
        await world.UntilLogAsync(name, "waiting");
        await world.UntilStateAsync(name, "Available");
        await world.ExecAsync(name, "touch /tmp/mine");
        await server.KillAsync();
        await server.StartAsync();
        (await world.SettledAsync(name)).Is("Available").Says("the server ended while commands ran in the background");
        Assert.Equal(0, (await world.ExecAsync(name, "test -e /tmp/mine && touch /tmp/go")).ExitCode);
        (await world.StopAsync(name)).Is("Shutdown");
        (await world.StartAsync(name)).Is("Available");
    }

    [Theory]
    [InlineData("postStartCommand", null)]
    [InlineData(null, "postStartCommand")]
    public async Task What_waitFor_names_is_waited_for_whether_configuration_or_image_says_it(string? configuration, string? label)
    {
        await using var world = await CodespaceWorld.CreateAsync(shared.Process);
        (string, string)[] labels = label is null
            ? []
            : [("devcontainer.metadata", $$"""[{"waitFor":"postCreateCommand"},{"waitFor":"{{label}}"}]""")];
        var repository = await RepositoryAsync(
            world,
            $$""" "postStartCommand": "sleep 1; echo first > /tmp/first", "postAttachCommand": "{{UntilTold}}" {{(configuration is null ? "" : $", \"waitFor\": \"{configuration}\"")}} """,
            labels);
        var name = await world.BeginAsync(repository);
        await world.UntilStateAsync(name, "Available");
        Assert.Equal("first\n", (await world.ExecAsync(name, "cat /tmp/first; touch /tmp/go")).Output);
        (await world.SettledAsync(name)).Is("Available");
    }

    private static async Task<string> RepositoryAsync(CodespaceWorld world, string properties, params (string Name, string Value)[] labels)
    {
        var image = await world.ImageAsync("dev", labels);
        var repository = await world.RepositoryAsync("app", (".devcontainer.json", $$"""{ "image": "{{image}}", {{properties}} }"""));
        await world.GrantAsync("dev", repository);
        return repository;
    }
}
