using Berth.Client;
using Berth.Client.Wire;
using Berth.SystemTests.Fixtures.Codespaces;
using Berth.SystemTests.Fixtures.Server;
using Berth.SystemTests.Fixtures.Tools;

namespace Berth.SystemTests.Codespaces;

/// <summary>
/// The server is killed (SIGKILL) at every step that a codespace goes through. When it is back, it finishes what was asked for, and nothing
/// exists twice.
/// </summary>
public sealed class ServerKilledTests
{
    /// <summary>What the creation log says last before the server is killed.</summary>
    private static readonly string[] Steps =
        [
            "[start]", "[clone]", "[configuration]", "[authorise]", "[build]", "[up] starting", "[up] Running",
        ];

    [Fact]
    public async Task A_start_is_finished_from_whatever_step_it_had_reached()
    {
        await using var server = await ServerProcess.StartAsync("codespaces-killed", null, "BERTH_ALLOW_FILE_CLONE=true");
        await using var world = await CodespaceWorld.CreateAsync(server);

        // The command does not end before the test says so. The test says so only to the container of the second attempt.
        var repository = await RepositoryAsync(world, "until test -e /tmp/go; do sleep 0.1; done; echo once >> made");
        foreach (var step in Steps)
        {
            var name = await world.BeginAsync(repository);
            await world.UntilLogAsync(name, step);
            await server.KillAsync();
            var before = await world.ContainersAsync(name);
            await server.StartAsync();
            await Patience.UntilAsync(async () => await GoAsync(world, name, before), $"{name} has another container after {step}");
            (await world.SettledAsync(name)).Is("Available");
            Assert.Single(await world.ContainersAsync(name));
            Assert.Equal("once\n", (await world.ExecAsync(name, "cat made; test -f /built || echo not built")).Output);
            Assert.Single(
                File.ReadLines("/proc/self/mounts"),
                mount => mount.Contains($"{server.Data}/codespaces/{name}/", StringComparison.Ordinal));
            await world.DeleteAsync(name);
        }

    }

    [Fact]
    public async Task Stops_rebuilds_and_deletions_are_finished_as_well()
    {
        await using var server = await ServerProcess.StartAsync("codespaces-killed-stop", null, "BERTH_ALLOW_FILE_CLONE=true");
        await using var world = await CodespaceWorld.CreateAsync(server);
        var repository = await RepositoryAsync(world, "true");
        var name = (await world.CreateAsync(repository)).Is("Available").Name;

        // A running codespace is left alone, and Berth answers inside it again.
        await world.ExecAsync(name, "touch /tmp/in-the-container");
        await server.KillAsync();
        await server.StartAsync();
        Assert.Equal(0, (await world.ExecAsync(name, "test -f /tmp/in-the-container")).ExitCode);
        const string Ask = "wget -q -O /dev/null --header \"Authorization: Bearer $GITHUB_TOKEN\" "
            + "$GITHUB_API_URL/user/codespaces/$CODESPACE_NAME";
        await Patience.UntilAsync(async () => (await world.ExecAsync(name, Ask)).ExitCode == 0);

        await Accounts.PostAsync(world.Api, $"/api/v3/user/codespaces/{name}/stop", new { });
        await server.KillAsync();
        await server.StartAsync();
        await world.UntilStateAsync(name, "Shutdown");
        Assert.Empty((await new Command("docker").RunAsync("ps", "--quiet", "--filter", "label=berth.codespace=" + name)).Text);

        await Accounts.PostAsync(world.Api, $"/api/v3/user/codespaces/{name}/rebuild", new { });
        await server.KillAsync();
        await server.StartAsync();
        (await world.SettledAsync(name)).Is("Available");
        Assert.Single(await world.ContainersAsync(name));

        using (await world.Api.DeleteAsync(
            new Uri("/api/v3/user/codespaces/" + name, UriKind.Relative), TestContext.Current.CancellationToken))
        {
            await server.KillAsync();
        }

        await server.StartAsync();
        await world.UntilDeletedAsync(name);
        Assert.Empty(await world.ContainersAsync(name));
        Assert.Empty(await world.BuiltAsync(name));
    }

    [Fact]
    public async Task A_prebuild_is_finished_as_well()
    {
        await using var server = await ServerProcess.StartAsync("codespaces-killed-prebuild", null, "BERTH_ALLOW_FILE_CLONE=true");
        await using var world = await CodespaceWorld.CreateAsync(server);
        var image = await world.ImageAsync("dev");
        var repository = await world.RepositoryAsync(
            "app", (".devcontainer.json", $$"""
            { "image": "{{image}}", "initializeCommand": "sleep 1; echo first > made", "onCreateCommand": "sleep 1; echo once >> made" }
            """));
        await world.GrantAsync("dev", repository);
        using var client = new BerthClient(server.Url, ServerProcess.AdminToken);
        var configuration = await client.CreatePrebuildConfigurationAsync(
            repository, new NewPrebuildConfiguration(), TestContext.Current.CancellationToken);
        foreach (var step in new[] { "[clone]", "[initialize] Running", "[up] Running onCreateCommand... running", "[ready]" })
        {
            var begun = await client.RunPrebuildAsync(repository, configuration.Id, TestContext.Current.CancellationToken);
            await Patience.UntilAsync(async () => (await LogAsync(client, repository, begun.Id)).Contains(step, StringComparison.Ordinal));
            await server.KillAsync();
            await server.StartAsync();
            await Patience.UntilAsync(
                async () => (await client.PrebuildAsync(repository, begun.Id, TestContext.Current.CancellationToken)).State
                    is "ready" or "failed");
            var made = await client.PrebuildAsync(repository, begun.Id, TestContext.Current.CancellationToken);
            Assert.True(made.State == "ready", $"after {step}: {made.Failure}: {await LogAsync(client, repository, begun.Id)}");
            var started = (await world.CreateAsync(repository)).Is("Available").Says($"going on from the prebuild {begun.Id}");
            Assert.Equal("first\nonce\n", (await world.ExecAsync(started.Name, "cat made")).Output);
            await world.DeleteAsync(started.Name);
            await client.DeletePrebuildAsync(repository, begun.Id, TestContext.Current.CancellationToken);
        }

        // Nothing is left of any prebuild.
        await Patience.UntilAsync(
            () => Task.FromResult(!Directory.EnumerateFileSystemEntries(Path.Combine(server.Data, "codespaces")).Any()));
        Assert.DoesNotContain(
            File.ReadLines("/proc/self/mounts"), mount => mount.Contains($"{server.Data}/codespaces/", StringComparison.Ordinal));
    }

    private static async Task<string> LogAsync(BerthClient client, string repository, long prebuild)
    {
        var text = "";
        await foreach (var line in client.PrebuildLogAsync(repository, prebuild, follow: false, TestContext.Current.CancellationToken))
        {
            text += line + "\n";
        }

        return text;
    }

    /// <summary>Lets the command end in the codespace's container that was not there before.</summary>
    private static async Task<bool> GoAsync(CodespaceWorld world, string name, string[] before) =>
        (await world.ContainersAsync(name)).Except(before, StringComparer.Ordinal).ToArray() is [var container]
        && (await new Command("docker").TryAsync(null, "exec", container, "touch", "/tmp/go")).ExitCode == 0;

    private static async Task<string> RepositoryAsync(CodespaceWorld world, string command)
    {
        var image = await world.ImageAsync("dev");
        var repository = await world.RepositoryAsync(
            "app",
            ("Dockerfile", $"FROM {image}\nRUN echo built > /built\n"),
            (
                ".devcontainer.json",
                $$"""{ "build": { "dockerfile": "Dockerfile" }, "postCreateCommand": "{{command}}", "waitFor": "postCreateCommand" }"""));
        await world.GrantAsync("dev", repository);
        return repository;
    }
}
