using Berth.Server.Codespaces;
using Berth.Tests.TestServer;

namespace Berth.Tests.Codespaces.Scripted;

/// <summary>A failed start tells the person who started it why it failed. The next start works once the cause is gone.</summary>
public sealed class StartFailureTests : IClassFixture<ScriptedServer>
{
    /// <summary>The tests share the world, so each begins by mending what the one before broke.</summary>
    public StartFailureTests(ScriptedServer shared)
    {
        World = shared.World;
        World.Reset();
    }

    private ScriptedWorld World { get; }

    [Fact]
    public Task Git_that_fails_is_quoted() => FailsAsync(
        () => World.Sandbox.GitFails = "fatal: repository 'file:///nonexistent/app' does not exist",
        "the clone of file:///nonexistent/app failed: repository 'file:///nonexistent/app' does not exist");

    [Fact]
    public Task Branches_that_are_not_there_are_named() => FailsAsync(
        () => World.Sandbox.GitFails = "fatal: Remote branch main not found in upstream origin",
        "; create the codespace with a branch or tag that exists, '' does not");

    [Fact]
    public Task A_missing_sandbox_is_named() =>
        FailsAsync(() => World.Sandbox.Missing = "codespaces need a sandbox", "codespaces need a sandbox");

    [Fact]
    public Task A_full_disk_of_the_engine_is_named_with_a_remedy() => FailsAsync(
        () => World.Engine.Fail("Pull", "write /var/lib/docker/x: no space left on device"), "no space left on device",
        "Remedy: the engine's disk is full");

    [Fact]
    public async Task An_image_that_unpacks_to_more_than_a_disk_is_refused_and_taken_away()
    {
        World.Engine.ImageBytes = 200L << 30;
        var failure = await World.FailureAsync(await World.CreateAsync());
        Assert.Contains("unpacks to 200.0 GiB, more than the ", failure, StringComparison.Ordinal);
        Assert.Contains("BERTH_MAX_IMAGE_GIB", failure, StringComparison.Ordinal);
        Assert.DoesNotContain(World.Engine.Images, image => image.Contains('@', StringComparison.Ordinal));
    }

    [Fact]
    public Task A_registry_that_refuses_the_engine_after_it_allowed_Berth_is_named() => FailsAsync(
        () => World.Engine.Fail("Pull", "unauthorized: authentication required"), "the registry allowed it a moment ago and now refuses");

    [Fact]
    public Task A_network_that_cannot_be_made_is_named() => FailsAsync(
        () => World.Engine.Fail("CreateNetwork", "permission denied"), "the codespace's network cannot be made: permission denied");

    [Fact]
    public Task Addresses_that_are_used_up_are_named_with_a_remedy() => FailsAsync(
        () => World.Engine.Fail("CreateNetwork", "Pool overlaps with other one on this address space", 403),
        "no addresses are left for the codespace's network", "BERTH_CODESPACE_NETWORKS");

    [Fact]
    public Task An_engine_that_refuses_the_container_is_quoted() => FailsAsync(
        () => World.Engine.Fail("CreateContainer", "invalid CPU count", 400),
        "the container engine does not make the dev container: invalid CPU count");

    [Fact]
    public Task A_container_that_ends_in_the_middle_is_told_with_its_last_words() => FailsAsync(
        () => World.Engine.Started = container => container with { Running = false, HasEnded = true, ExitCode = 3 },
        "the dev container ended during the start (exit code 3; its last words: its last line)", "sleep infinity");

    [Fact]
    public Task A_container_that_ends_while_a_command_runs_is_told_with_its_last_words() => FailsAsync(
        () =>
        {
            World.Sandbox.Files[".devcontainer.json"] = $$"""{ "image": "{{World.Image}}", "onCreateCommand": "make" }""";
            World.Engine.Processes = command =>
            {
                if (command.Command[^1] != "make")
                {
                    return ScriptedProcess.Of(command);
                }

                foreach (var container in World.Engine.Containers)
                {
                    World.Engine.Change(container.Id, one => one with { Running = false, HasEnded = true, ExitCode = 137 });
                }

                return new ScriptedProcess(exitCode: 137);
            };
        },
        "the dev container ended during the start (exit code 137; its last words: its last line)");

    [Fact]
    public Task A_container_that_the_engine_cannot_start_is_told_with_the_engines_words() => FailsAsync(
        () => World.Engine.Fail("Start", "exec: \"/bin/sh\": no such file or directory", 400),
        "the container engine cannot start the dev container: exec: \"/bin/sh\": no such file or directory",
        "use an image that has a shell at /bin/sh");

    [Fact]
    public Task An_image_that_is_removed_meanwhile_is_named() => FailsAsync(
        () => World.Engine.Fail("CreateContainer", "No such image: sha256:0", 404),
        "was removed from the container engine while the codespace started");

    [Fact]
    public async Task An_image_that_the_codespace_may_not_read_is_refused_before_the_engine_hears_of_it()
    {
        var eve = await World.Server.UserAsync("eve");
        await eve.PushAsync($"{eve.Login}/secret");
        var pulls = World.Engine.Calls.Count(call => call == "Pull");
        await FailsAsync(
            () => World.Sandbox.Files[".devcontainer.json"] = $$"""{ "image": "{{World.Server.Host}}/{{eve.Login}}/secret" }""",
            $"refuses the image {World.Server.Host}/{eve.Login}/secret",
            $"berth package access grant {eve.Login}/secret --codespaces {World.Repository}");
        Assert.Equal(pulls + 1, World.Engine.Calls.Count(call => call == "Pull"));
    }

    [Fact]
    public async Task A_repository_that_is_deleted_is_named()
    {
        var name = await World.CreateAsync();
        await World.StopAsync(name);
        await World.UntilAsync(name, CodespaceState.Shutdown);
        await World.ForgetRepositoryAsync(name);
        await World.StartAsync(name);
        Assert.EndsWith(
            "was deleted, and codespaces of it do not start any more", await World.FailureAsync(name), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_failed_start_leaves_no_token_and_nothing_that_runs()
    {
        World.Engine.Fail("Run", "it broke");
        var name = await World.CreateAsync();
        Assert.Equal("it broke", await World.FailureAsync(name));
        Assert.Equal(0, await World.TokensAsync(name));
        Assert.DoesNotContain(World.Engine.Containers, container => container.Running && container.Labels["berth.codespace"] == name);
    }

    private async Task FailsAsync(Action fault, params string[] words)
    {
        fault();
        var name = await World.CreateAsync();
        var failure = await World.FailureAsync(name);
        Assert.All(words, part => Assert.Contains(part, failure, StringComparison.Ordinal));
        Assert.Contains(failure, await World.LogNowAsync(name), StringComparison.Ordinal);

        World.Reset();
        await World.StartAsync(name);
        await World.AvailableAsync(name);
    }
}
