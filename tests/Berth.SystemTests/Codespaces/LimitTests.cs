using System.Net.Http.Json;
using System.Text.Json;
using Berth.Server.Codespaces;
using Berth.Server.Codespaces.Builds;
using Berth.Server.Codespaces.Dockerfiles;
using Berth.Server.Codespaces.Engine;
using Berth.Server.Codespaces.Expansion;
using Berth.Server.Codespaces.Workspaces;
using Berth.Server.Settings;
using Berth.SystemTests.Fixtures.Codespaces;
using Berth.SystemTests.Fixtures.Server;
using Berth.SystemTests.Fixtures.Tools;

namespace Berth.SystemTests.Codespaces;

/// <summary>
/// A codespace gets what its machine type gives, of the processor, memory, processes and disk, while it runs and while it is built.
/// </summary>
[Trait("Suite", "hostile")]
public sealed class LimitTests(SharedServer shared, HostileEngine hostile) : IClassFixture<HostileEngine>
{
    // HostileEngine asks for the container as Berth does, with one core, 64 MiB and 64 processes.
    [Theory]
    [InlineData("processes without end", "for i in $(seq 100); do sleep 5 & done && echo HARM")]
    [InlineData("memory without end", "dd if=/dev/zero of=/dev/null bs=128M count=1 && echo HARM")]
    [InlineData(
        "files in memory, which are memory",
        "dd if=/dev/zero of=/dev/shm/x bs=1M count=50 && dd if=/dev/zero of=/dev/null bs=40M count=1 && echo HARM; rm -f /dev/shm/x")]
    public async Task A_container_that_wants_more_than_its_machine_has_ends_in_itself(string what, string command)
    {
        var gained = await hostile.Raw.TryAsync(null, "run", "--rm", "--network", "none", hostile.Image, "sh", "-c", command);
        Assert.True(gained.Text.Contains("HARM", StringComparison.Ordinal), $"{what} does no harm: {gained.All}");
        var held = await hostile.Raw.TryAsync(null, "exec", hostile.Fill("@OWN@"), "sh", "-c", command);
        Assert.False(held.Text.Contains("HARM", StringComparison.Ordinal), $"{what}: {held.All}");

        // Neither the machine nor the neighbour is affected, and the container itself goes on.
        Assert.Equal("HARM", (await hostile.Raw.RunAsync("exec", hostile.Fill("@NEIGHBOUR@"), "cat", "/private")).Line);
        await Patience.UntilAsync(
            async () => (await hostile.Raw.TryAsync(null, "exec", hostile.Fill("@OWN@"), "true")).ExitCode == 0,
            "the container has room for a process again");
    }

    [Theory]

    // The limit is set a moment after the start, so the command goes on until it meets the limit.
    [InlineData(
        "processes without end", "i=0; while [ $i -lt MANY ]; do sleep 1000 & i=$((i + 1)); sleep 0.02; done; echo HARM", "can't fork")]
    [InlineData(
        "processes without end and at once", "i=0; while [ $i -lt MANY ]; do sleep 1000 & i=$((i + 1)); done; echo HARM", "can't fork")]
    [InlineData("memory without end", "dd if=/dev/zero of=/dev/null bs=200M count=1 && echo HARM", "returned a non-zero code")]
    public async Task A_build_ends_in_itself_too(string what, string command, string said)
    {
        var gained = await BuildAsync(command.Replace("MANY", "200", StringComparison.Ordinal), watched: false);
        Assert.True(gained.Contains("\nHARM", StringComparison.Ordinal), $"{what} does no harm: {gained}");
        var held = await BuildAsync(command.Replace("MANY", "100000", StringComparison.Ordinal), watched: true);
        Assert.DoesNotContain("\nHARM", held, StringComparison.Ordinal);
        Assert.Contains(said, held, StringComparison.Ordinal);
    }

    // The limit is 50 MiB, and one file for each 16 KiB of them.
    [Theory]
    [InlineData("RUN dd if=/dev/zero of=/filler bs=1M count=100; sleep 1000")]
    [InlineData("VOLUME /v", "RUN dd if=/dev/zero of=/v/filler bs=1M count=100; sleep 1000")]
    [InlineData("RUN mkdir /f; cd /f; seq 4000 | xargs touch; sleep 1000")]
    [InlineData(
        "RUN dd if=/dev/zero of=/filler bs=1M count=20", "FROM @IMAGE@", "COPY --from=limits /filler /a", "COPY --from=limits /filler /b",
        "RUN sleep 1000")]
    public async Task A_build_that_writes_without_end_is_ended(params string[] instructions)
    {
        Assert.Contains("ENDED", await BuildAsync(watched: true, [.. instructions.Select(hostile.Fill)]), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_machine_of_a_codespace_is_in_its_container_and_its_disk()
    {
        await using var world = await CodespaceWorld.CreateAsync(shared.Process);
        var image = await world.ImageAsync("dev");
        var repository = await world.RepositoryAsync(
            "app", (".devcontainer.json", $$"""{"image":"{{image}}","runArgs":["--memory=512g","--pids-limit=-1","--cpus=64"]}"""));
        await world.GrantAsync("dev", repository);
        var started = (await world.CreateAsync(repository)).Is("Available");
        var container = Assert.Single(await world.ContainersAsync(started.Name));
        var machine = (await world.Api.GetFromJsonAsync<JsonElement>(
            $"/api/v3/user/codespaces/{started.Name}", TestContext.Current.CancellationToken))
            .GetProperty("machine");
        var limits = (await new Command("docker").RunAsync(
            "inspect", "--format", "{{.HostConfig.NanoCpus}} {{.HostConfig.Memory}} {{.HostConfig.MemorySwap}} {{.HostConfig.PidsLimit}}",
            container)).Line;
        var (cpus, memory) = (
            Math.Min(machine.GetProperty("cpus").GetInt32(), System.Environment.ProcessorCount),
            machine.GetProperty("memory_in_bytes").GetInt64());
        Assert.Equal($"{cpus * 1_000_000_000L} {memory} {memory} 4096", limits);

        // df leaves out what the filesystem itself needs. So the size is a few percent less than the machine's storage, and never more.
        var size = (await world.ExecAsync(started.Name, "df -k /workspaces/app | tail -n 1 | awk '{print $2}'")).Output.Trim();
        var storage = machine.GetProperty("storage_in_bytes").GetInt64() / 1024;
        Assert.InRange(long.Parse(size, System.Globalization.CultureInfo.InvariantCulture), storage * 9 / 10, storage);
    }

    [Fact]
    public async Task An_image_that_unpacks_without_end_is_ended_meanwhile()
    {
        await using var server = await ServerProcess.StartAsync("images", null, "BERTH_ALLOW_FILE_CLONE=true", "BERTH_MAX_IMAGE_GIB=0.25");
        await using var world = await CodespaceWorld.CreateAsync(server);
        using var folder = new TemporaryFolder();
        var layer = folder["layer.tar.gz"];
        await new Command("sh", "-c").RunAsync(
            $"cd '{folder.Path}' && truncate -s 2G zeros && tar --create zeros | gzip -1 > '{layer}' && rm zeros");
        var image = await world.ImageAsync("dev", layer);
        var repository = await world.RepositoryAsync("app", (".devcontainer.json", $$"""{"image":"{{image}}"}"""));
        await world.GrantAsync("dev", repository);
        (await world.CreateAsync(repository)).Is("Failed").Says(image, "was ended while it was unpacked", "BERTH_MAX_IMAGE_GIB");
        Assert.Equal("", (await new Command("docker").RunAsync("images", "--quiet", image.Split(':')[0] + ":" + image.Split(':')[1])).Line);
    }

    [Fact]
    public async Task A_codespace_that_fills_the_engines_disk_is_stopped_with_the_reason()
    {
        await using var server = await ServerProcess.StartAsync(
            "limits", null, "BERTH_ALLOW_FILE_CLONE=true", "BERTH_MAX_CONTAINER_GIB=0.1");
        await using var world = await CodespaceWorld.CreateAsync(server);
        var image = await world.ImageAsync("dev");
        var repository = await world.RepositoryAsync("app", (".devcontainer.json", $$"""{"image":"{{image}}"}"""));
        var hasty = await world.RepositoryAsync(
            "hasty",
            (
                ".devcontainer.json",
                $$"""{"image":"{{image}}","onCreateCommand":"dd if=/dev/zero of=/filler bs=1M count=150; sleep 600"}"""));
        await world.GrantAsync("dev", repository);
        await world.GrantAsync("dev", hasty);
        var starting = await world.BeginAsync(hasty);
        var started = (await world.CreateAsync(repository)).Is("Available");

        // The workspace has its own limit, so only what is written outside it counts.
        Assert.Equal(0, (await world.ExecAsync(started.Name, "dd if=/dev/zero of=filler bs=1M count=150")).ExitCode);
        Assert.Equal(0, (await world.ExecAsync(started.Name, "dd if=/dev/zero of=/filler bs=1M count=150")).ExitCode);
        foreach (var name in new[] { started.Name, starting })
        {
            await world.UntilStateAsync(name, "Shutdown");
            var codespace = await world.Api.GetFromJsonAsync<JsonElement>(
                $"/api/v3/user/codespaces/{name}", TestContext.Current.CancellationToken);
            Assert.Contains(
                "outside its workspace, more than the 0.1 GB it may", codespace.GetProperty("last_known_stop_notice").GetString(),
                StringComparison.Ordinal);
            await world.DeleteAsync(name);
        }
    }

    [Fact]
    public void What_containers_have_written_is_counted_at_once_when_the_engines_disk_fills_quickly()
    {
        const long GiB = 1L << 30;
        var moment = TimeSpan.FromSeconds(2);
        Assert.True(WatchContainers.IsDue(moment, Room(10 * GiB), Room(9 * GiB)));
        Assert.False(WatchContainers.IsDue(moment, Room(10 * GiB), Room((9 * GiB) + 1)));
        Assert.False(WatchContainers.IsDue(moment, Room(9 * GiB), Room(10 * GiB)));
        Assert.True(WatchContainers.IsDue(moment, Room(GiB, 200_000), Room(GiB, 150_000)));
        Assert.False(WatchContainers.IsDue(moment, Room(GiB, 200_000), Room(GiB, 150_001)));
        Assert.False(WatchContainers.IsDue(moment, null, Room(9 * GiB)));
        Assert.False(WatchContainers.IsDue(moment, Room(9 * GiB), null));
        Assert.True(WatchContainers.IsDue(TimeSpan.FromSeconds(30), null, null));

        static DiskRoom Room(long bytes, long files = 1_000_000) => new(bytes, files);
    }

    [Fact]
    public async Task A_stopped_container_gets_the_limits_of_another_machine()
    {
        var name = Accounts.Unique("limited");
        await hostile.Raw.RunAsync(
            "create", "--name", name, "--memory", "64m", "--memory-swap", "64m", "--cpus", "0.5", "--pids-limit", "10", hostile.Image,
            "true");
        try
        {
            await new EngineClient(new EngineSocket("unix:///var/run/docker.sock"), TimeProvider.System)
                .LimitAsync(name, 1, 128L << 20, 20, TestContext.Current.CancellationToken);
            Assert.Equal("1000000000 134217728 134217728 20", (await hostile.Raw.RunAsync(
                "inspect", "--format",
                "{{.HostConfig.NanoCpus}} {{.HostConfig.Memory}} {{.HostConfig.MemorySwap}} {{.HostConfig.PidsLimit}}", name)).Line);
        }
        finally
        {
            await hostile.Raw.TryAsync(null, "rm", name);
        }
    }

    /// <summary>Builds and returns what the build said. A watched build gets 64 processes, 64 MiB of memory and 50 MiB of disk.</summary>
    private Task<string> BuildAsync(string command, bool watched) => BuildAsync(watched, "RUN " + command);

    private async Task<string> BuildAsync(bool watched, params string[] instructions)
    {
        var engine = new EngineSocket("unix:///var/run/docker.sock");
        var label = Accounts.Unique("limits");
        var text = new System.Text.StringBuilder("\n");
        using var folder = new TemporaryFolder();
        using var group = watched
            ? new BuildGroups(new CodespaceHost(new DataOptions { Data = folder.Path })).Open(
                (await new EngineClient(engine, TimeProvider.System).FactsAsync(TestContext.Current.CancellationToken)).GroupsBySystemd, 64)
            : null;

        // Labels do not decide to whom the containers of a build belong.
        var dockerfile = SentDockerfile.Layer(
            "limits", new SentBase(hostile.Image, []),
            ["LABEL berth.repository=\"somebody\" berth.codespace=\"somebody\"", .. instructions], "the test",
            new ExpansionBudget(TestContext.Current.CancellationToken));
        var context = new BuildContext(
            null, IgnorePatterns.Parse("", ""), dockerfile, new Dictionary<string, string>(StringComparer.Ordinal));
        var build = new EngineBuild(
            $"hostile.invalid/{label}:1", BuildContext.DockerfileName, "", new Dictionary<string, string>(StringComparer.Ordinal),
            new Dictionary<string, string>(StringComparer.Ordinal), true,
            "none", watched ? 64L << 20 : 0, 0, group?.Name ?? "");
        await using var watch = watched
            ? await BuildWatch.StartAsync(
                new EngineClient(engine, TimeProvider.System), TimeProvider.System, group!.Name, 64, 50L << 20,
                TestContext.Current.CancellationToken)
            : null;
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(
            TestContext.Current.CancellationToken, watch?.Exceeded ?? default);
        try
        {
            await new EngineClient(engine, TimeProvider.System).BuildAsync(build, context.WriteAsync, Told, ending.Token);
        }
        catch (EngineException exception)
        {
            text.Append(exception.Message);
        }
        catch (OperationCanceledException)
            when (ending.IsCancellationRequested && !TestContext.Current.CancellationToken.IsCancellationRequested)
        {
            text.Append("ENDED");
        }

        await new Command("docker").TryAsync(null, "rmi", "--force", $"hostile.invalid/{label}:1");
        return text.ToString();

        void Told(string line)
        {
            text.Append(line).Append('\n');
            watch?.Said(line);
        }
    }
}
