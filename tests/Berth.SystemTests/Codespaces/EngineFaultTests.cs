using Berth.SystemTests.Fixtures.Codespaces;
using Berth.SystemTests.Fixtures.Disks;
using Berth.SystemTests.Fixtures.Server;
using Berth.SystemTests.Fixtures.Tools;

namespace Berth.SystemTests.Codespaces;

/// <summary>
/// What happens to the container engine while codespaces start, run and stop. Each failure names the true cause, and each codespace goes on
/// when the engine is back.
/// </summary>
public sealed class EngineFaultTests
{
    [Fact]
    public async Task An_engine_that_is_killed_with_its_test_leaves_nothing_and_the_other_its_bridge()
    {
        var before = await BridgeAsync();
        await using var engine = await SecondEngine.StartAsync();
        await engine.Docker.RunAsync("import", await BaseImage.ArchiveAsync(), "left:1");
        await engine.Docker.RunAsync("run", "--detach", "left:1", "sleep", "3600");
        var folder = Path.GetDirectoryName(engine.SocketPath)!;
        var bridge = await engine.AbandonAsync();
        Assert.False(Directory.Exists(folder));
        Assert.DoesNotContain(
            folder, await File.ReadAllTextAsync("/proc/self/mounts", TestContext.Current.CancellationToken), StringComparison.Ordinal);
        Assert.NotEqual(0, (await new Command("ip").TryAsync(null, "link", "show", bridge)).ExitCode);
        Assert.NotEqual(0, (await new Command("pgrep").TryAsync(null, "--full", folder)).ExitCode);
        Assert.Equal(before, await BridgeAsync());

        static async Task<int> BridgeAsync() => (await new Command("ip").TryAsync(null, "link", "show", "docker0")).ExitCode;
    }

    [Fact]
    public async Task A_restarted_engine_keeps_codespaces_with_their_files()
    {
        await using var engine = await SecondEngine.StartAsync();
        await using var server = await ServerProcess.StartAsync("codespaces-engine", null, "BERTH_ALLOW_FILE_CLONE=true", engine.Setting);
        await using var world = await CodespaceWorld.CreateAsync(server);
        var name = (await world.CreateAsync(await RepositoryAsync(world))).Is("Available").Name;
        await world.ExecAsync(name, "touch /tmp/in-the-container mine");

        // The container ended with the engine, and starts again with its files.
        await engine.StopAsync();
        await engine.StartAsync();
        await world.UntilStateAsync(name, "Shutdown");
        (await world.SettledAsync(name)).Says("the container has ended");
        (await world.StartAsync(name)).Is("Available").Says("the container of the last start is there");
        Assert.Equal("", (await world.ExecAsync(name, "test -f mine && test -f /tmp/in-the-container || echo lost")).Output);
    }

    [Fact]
    public async Task While_an_engine_is_away_starts_say_so_and_stops_and_deletions_wait()
    {
        await using var engine = await SecondEngine.StartAsync();
        using var proxy = new EngineProxy(engine.SocketPath);
        await using var server = await ServerProcess.StartAsync(
            "codespaces-engine-away", null, "BERTH_ALLOW_FILE_CLONE=true", proxy.Setting);
        await using var world = await CodespaceWorld.CreateAsync(server);
        var repository = await RepositoryAsync(world);
        var (first, second) = (
            (await world.CreateAsync(repository)).Is("Available").Name, (await world.CreateAsync(repository)).Is("Available").Name);

        // For Berth the engine goes at once: it sees no container end before.
        proxy.Close();
        await engine.StopAsync();
        Assert.Contains("the container engine", await world.RefusedExecAsync(first), StringComparison.Ordinal);
        await Accounts.PostAsync(world.Api, $"/api/v3/user/codespaces/{first}/stop", new { });
        await world.UntilLogAsync(first, "waiting for the container engine");
        var third = await world.BeginAsync(repository);
        Assert.Contains("no container engine answers", (await world.SettledAsync(third)).Is("Failed").Failure, StringComparison.Ordinal);
        using (await world.Api.DeleteAsync(
            new Uri("/api/v3/user/codespaces/" + second, UriKind.Relative), TestContext.Current.CancellationToken))
        {
        }

        await engine.StartAsync();
        proxy.Listen();
        await world.UntilStateAsync(first, "Shutdown");
        Assert.Equal(1, (await world.LogAsync(first)).Split("waiting for the container engine").Length - 1);
        (await world.StartAsync(third)).Is("Available");
        await world.UntilDeletedAsync(second);
        Assert.Equal("", (await engine.Docker.RunAsync("ps", "--all", "--quiet", "--filter", "label=berth.codespace=" + second)).Text);
    }

    [Fact]
    public async Task After_an_engine_has_taken_its_containers_with_it_connections_name_the_engine()
    {
        await using var engine = await SecondEngine.StartAsync();
        using var proxy = new EngineProxy(engine.SocketPath);
        await using var server = await ServerProcess.StartAsync(
            "codespaces-engine-last", null, "BERTH_ALLOW_FILE_CLONE=true", proxy.Setting);
        await using var world = await CodespaceWorld.CreateAsync(server);
        var name = (await world.CreateAsync(await RepositoryAsync(world))).Is("Available").Name;
        await engine.Docker.RunAsync("kill", "berth-" + name);
        await world.UntilStateAsync(name, "Shutdown");
        proxy.Close();
        Assert.Contains("the container engine is away", await world.RefusedExecAsync(name), StringComparison.Ordinal);
        proxy.Listen();
        Assert.Contains("the codespace is Shutdown, not Available", await world.RefusedExecAsync(name), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_engine_that_goes_away_in_the_middle_of_a_start_is_named()
    {
        await using var engine = await SecondEngine.StartAsync();
        EngineProxy? between = null;
        var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var proxy = between = new EngineProxy(engine.SocketPath, async () =>
        {
            between!.Close();
            await engine.StopAsync();
            stopped.SetResult();
        });
        await using var server = await ServerProcess.StartAsync(
            "codespaces-engine-gone", null, "BERTH_ALLOW_FILE_CLONE=true", proxy.Setting);
        await using var world = await CodespaceWorld.CreateAsync(server);
        var repository = await RepositoryAsync(world);
        var name = await world.BeginAsync(repository);
        Assert.Contains(
            "the container engine went away during the start", (await world.SettledAsync(name)).Is("Failed").Failure,
            StringComparison.Ordinal);

        // The start fails as soon as the connection closes, which is before the engine has ended.
        await stopped.Task;
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
        var repository = await RepositoryAsync(world);
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
        // The image is removed between the pull and the creation of the container.
        CodespaceWorld? started = null;
        using var proxy = new EngineProxy("/var/run/docker.sock", () => started!.RemoveImagesAsync());
        await using var server = await ServerProcess.StartAsync("codespaces-image", null, "BERTH_ALLOW_FILE_CLONE=true", proxy.Setting);
        await using var world = started = await CodespaceWorld.CreateAsync(server);
        var repository = await RepositoryAsync(world);
        var failed = (await world.CreateAsync(repository)).Is("Failed");
        Assert.Contains("was removed from the container engine while the codespace started", failed.Failure, StringComparison.Ordinal);
        (await world.StartAsync(failed.Name)).Is("Available");
    }

    private static async Task<string> RepositoryAsync(CodespaceWorld world)
    {
        var image = await world.ImageAsync("dev");
        var repository = await world.RepositoryAsync("app", (".devcontainer.json", $$"""{ "image": "{{image}}", "remoteUser": "dev" }"""));
        await world.GrantAsync("dev", repository);
        return repository;
    }
}
