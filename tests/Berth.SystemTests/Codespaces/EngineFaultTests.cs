using Berth.SystemTests.Faults;
using Berth.SystemTests.Server;

namespace Berth.SystemTests.Codespaces;

/// <summary>What befalls the container engine while codespaces start, run and stop: each ends with the true cause, and goes on when the engine is back.</summary>
public sealed class EngineFaultTests
{
    [Fact]
    public async Task An_engine_that_goes_away_and_comes_back_keeps_codespaces()
    {
        await using var engine = await SecondEngine.StartAsync();
        await using var server = await ServerProcess.StartAsync("codespaces-engine", null, "BERTH_ALLOW_FILE_CLONE=true", engine.Setting);
        await using var world = await CodespaceWorld.CreateAsync(server);
        var image = await world.ImageAsync("dev");
        var repository = await world.RepositoryAsync("app", (".devcontainer.json", $$"""{ "image": "{{image}}", "remoteUser": "dev" }"""));
        await world.GrantAsync("dev", repository);
        var (first, second) = ((await world.CreateAsync(repository)).Is("Available").Name, (await world.CreateAsync(repository)).Is("Available").Name);
        await world.ExecAsync(first, "touch /tmp/in-the-container mine");

        // Restarted: the container has ended with it, and starts again with its files.
        await engine.StopAsync();
        await engine.StartAsync();
        await world.UntilStateAsync(first, "Shutdown");
        (await world.SettledAsync(first)).Says("the container has ended");
        (await world.StartAsync(first)).Is("Available").Says("the container of the last start is there");
        Assert.Equal("", (await world.ExecAsync(first, "test -f mine && test -f /tmp/in-the-container || echo lost")).Output);

        // Gone: a start says so, a stop and a deletion wait.
        await engine.StopAsync();
        Assert.Contains("the container engine", await world.RefusedExecAsync(first), StringComparison.Ordinal);
        await Accounts.PostAsync(world.Api, $"/api/v3/user/codespaces/{first}/stop", new { });
        await world.UntilLogAsync(first, "waiting for the container engine");
        var third = await world.BeginAsync(repository);
        Assert.Contains("no container engine answers", (await world.SettledAsync(third)).Is("Failed").Failure, StringComparison.Ordinal);
        using (await world.Api.DeleteAsync(new Uri("/api/v3/user/codespaces/" + second, UriKind.Relative), TestContext.Current.CancellationToken))
        {
        }

        await engine.StartAsync();
        await world.UntilStateAsync(first, "Shutdown");
        Assert.Equal(1, (await world.LogAsync(first)).Split("waiting for the container engine").Length - 1);
        (await world.StartAsync(third)).Is("Available");
        await world.UntilDeletedAsync(second);
        Assert.Equal("", (await engine.Docker.RunAsync("ps", "--all", "--quiet", "--filter", "label=berth.codespace=" + second)).Text);
    }

    [Fact]
    public async Task An_engine_that_goes_away_in_the_middle_of_a_start_is_named()
    {
        await using var engine = await SecondEngine.StartAsync();
        EngineProxy? between = null;
        using var proxy = between = new EngineProxy(engine.SocketPath, async () =>
        {
            between!.Close();
            await engine.StopAsync();
        });
        await using var server = await ServerProcess.StartAsync("codespaces-engine-gone", null, "BERTH_ALLOW_FILE_CLONE=true", proxy.Setting);
        await using var world = await CodespaceWorld.CreateAsync(server);
        var image = await world.ImageAsync("dev");
        var repository = await world.RepositoryAsync("app", (".devcontainer.json", $$"""{ "image": "{{image}}", "remoteUser": "dev" }"""));
        await world.GrantAsync("dev", repository);
        var name = await world.BeginAsync(repository);
        Assert.Contains("the container engine went away during the start", (await world.SettledAsync(name)).Is("Failed").Failure, StringComparison.Ordinal);
        await engine.StartAsync();
        proxy.Listen();
        (await world.StartAsync(name)).Is("Available");
    }

    [Fact]
    public async Task A_full_disk_of_the_engine_is_named_and_the_start_works_when_there_is_room()
    {
        await using var disk = await SmallDisk.MountAsync();
        await using var engine = await SecondEngine.StartAsync(Path.Combine(disk.Path, "engine"));
        await using var server = await ServerProcess.StartAsync("codespaces-full", null, "BERTH_ALLOW_FILE_CLONE=true", engine.Setting);
        await using var world = await CodespaceWorld.CreateAsync(server);
        var image = await world.ImageAsync("dev");
        var repository = await world.RepositoryAsync("app", (".devcontainer.json", $$"""{ "image": "{{image}}", "remoteUser": "dev" }"""));
        await world.GrantAsync("dev", repository);
        var filler = await disk.FillAsync(leave: 256 * 1024);
        var failed = (await world.CreateAsync(repository)).Is("Failed");
        Assert.Contains("no space left on device", failed.Failure, StringComparison.Ordinal);
        Assert.Contains("Remedy: the engine's disk is full", failed.Failure, StringComparison.Ordinal);
        File.Delete(filler);
        (await world.StartAsync(failed.Name)).Is("Available");
    }

    [Fact]
    public async Task An_image_that_is_removed_while_its_codespace_starts_is_named()
    {
        // Between the pull and the container.
        CodespaceWorld? started = null;
        using var proxy = new EngineProxy("/var/run/docker.sock", () => started!.RemoveImagesAsync());
        await using var server = await ServerProcess.StartAsync("codespaces-image", null, "BERTH_ALLOW_FILE_CLONE=true", proxy.Setting);
        await using var world = started = await CodespaceWorld.CreateAsync(server);
        var image = await world.ImageAsync("dev");
        var repository = await world.RepositoryAsync("app", (".devcontainer.json", $$"""{ "image": "{{image}}", "remoteUser": "dev" }"""));
        await world.GrantAsync("dev", repository);
        var failed = (await world.CreateAsync(repository)).Is("Failed");
        Assert.Contains("was removed from the container engine while the codespace started", failed.Failure, StringComparison.Ordinal);
        (await world.StartAsync(failed.Name)).Is("Available");
    }
}
