using Berth.SystemTests.Fixtures.Codespaces;
using Berth.SystemTests.Fixtures.Server;
using Berth.SystemTests.Fixtures.Tools;

namespace Berth.SystemTests.Codespaces;

/// <summary>Services of compose files beside the codespace, on the real engine, with private images of Berth.</summary>
public sealed class ComposeTests(SharedServer shared)
{
    private const string Serving = "mkdir -p /data/www && echo $$WHO >> /data/www/x && cat /etc/greeting >> /data/www/x && exec httpd -f "
        + "-p 8080 -h /data/www";

    [Fact]
    public async Task Services_run_beside_the_codespace_and_stop_start_rebuild_and_go_with_it()
    {
        await using var world = await CodespaceWorld.CreateAsync(shared.Process);
        var (app, db) = (await world.ImageAsync("dev"), await world.ImageAsync("db"));
        var repository = await world.RepositoryAsync(
            "app",
            (".devcontainer/devcontainer.json", """
                { "dockerComposeFile": ["../compose.yml", "compose.dev.yml"], "service": "app", "workspaceFolder": "/workspace", "remoteUser": "dev",
                  "postCreateCommand": "wget -q -O /tmp/seen http://db:8080/x" }
                """),
            ("compose.yml", $$"""
                services:
                  app:
                    build: { context: ., dockerfile: .devcontainer/Dockerfile, args: { SAID: built } }
                    environment: [FROM_COMPOSE=one]
                  db:
                    image: "{{db}}"
                    init: true
                    environment: { WHO: "${WHO}" }
                    command: ["sh", "-c", "{{Serving}}"]
                    volumes: ["data:/data", "./greeting:/etc/greeting:ro"]
                    healthcheck: { test: ["CMD", "wget", "-q", "-O", "/dev/null", "http://127.0.0.1:8080/x"], interval: 200ms, retries: 1000 }
                    ports: ["5432:8080"]
                volumes: { data: }
                """),
            (".env", "WHO=ada\n"), ("greeting", "good day\n"),
            (".devcontainer/Dockerfile", $"FROM {app}\nARG SAID\nRUN echo $SAID > /built\n"),
            (".devcontainer/compose.dev.yml", """
                services:
                  app:
                    init: true
                    command: sleep 100000
                    environment: { TWO: "it's $$two" }
                    volumes: [".:/workspace:cached", "data:/shared:ro"]
                    depends_on: { db: { condition: service_healthy } }
                    links: ["db:database"]
                """));
        await world.GrantAsync("dev", repository);
        var refused = (await world.CreateAsync(repository)).Is("Failed").Says($"refuses the image {db}");
        Assert.Empty(await world.ContainersAsync(refused.Name));

        await world.GrantAsync("db", repository);
        var started = (await world.StartAsync(refused.Name))
            .Is("Available")
            .Says("starting db of", "services.db.ports is ignored");
        Assert.Equal(
            "ada\ngood day\nbuilt\none it's $two\n/workspace\ncompose.yml\ndev\n",
            (await world.ExecAsync(started.Name, "cat /tmp/seen /built; echo $FROM_COMPOSE $TWO; pwd; ls compose.yml; id -un")).Output);
        Assert.Equal("0\n", (await world.ExecAsync(started.Name, "touch /shared/x 2>/dev/null; ls /shared | grep -c '^x$'")).Output);
        Assert.Equal(2, (await world.ContainersAsync(started.Name)).Length);
        await IsHarmlessAsync(await world.ContainersAsync(started.Name));

        (await world.StopAsync(started.Name)).Is("Shutdown");
        Assert.Empty((await new Command("docker").RunAsync("ps", "--quiet", "--filter", "label=berth.codespace=" + started.Name)).Text);
        (await world.StartAsync(started.Name)).Is("Available").Says("app waits for db (service_healthy)", "starting db");
        Assert.Equal("ada\ngood day\nada\ngood day\n", (await world.ExecAsync(started.Name, "wget -q -O - http://database:8080/x")).Output);

        await Accounts.PostAsync(world.Api, $"/api/v3/user/codespaces/{started.Name}/rebuild", new { });
        (await world.SettledAsync(started.Name)).Is("Available");
        Assert.Equal("3\n", (await world.ExecAsync(started.Name, "wget -q -O - http://db:8080/x | grep -c ada")).Output);
        Assert.Equal(2, (await world.ContainersAsync(started.Name)).Length);

        await world.DeleteAsync(started.Name);
        Assert.Empty(await world.ContainersAsync(started.Name));
        Assert.Empty(await world.BuiltAsync(started.Name));
        Assert.Empty(
            (await new Command("docker").RunAsync("volume", "ls", "--quiet", "--filter", "label=berth.codespace=" + started.Name)).Text);
    }

    [Fact]
    public async Task A_service_may_share_the_network_of_another_and_unused_ones_stay_away()
    {
        await using var world = await CodespaceWorld.CreateAsync(shared.Process);
        var image = await world.ImageAsync("dev");
        var repository = await world.RepositoryAsync(
            "app",
            (".devcontainer/devcontainer.json", """
                { "dockerComposeFile": "compose.yml", "service": "app", "runServices": ["db"], "workspaceFolder": "/workspaces/${localWorkspaceFolderBasename}", "shutdownAction": "stopCompose",
                  "features": { "./own": {} } }
                """),
            (".devcontainer/own/devcontainer-feature.json", """{ "id": "own" }"""),
            (".devcontainer/own/install.sh", "#!/bin/sh\necho installed > /own\n"),
            (".devcontainer/compose.yml", $$"""
                x-image: &image { image: "{{image}}", init: true }
                services:
                  app: { <<: *image, command: sleep 100000, network_mode: "service:db", volumes: ["../..:/workspaces:cached"], tmpfs: /fast }
                  db: { <<: *image, hostname: database, command: "sh -c 'mkdir /www; hostname > /www/x; exec httpd -f -p 127.0.0.1:8080 -h /www'" }
                  other: { image: nobody, privileged: true }
                """));
        await world.GrantAsync("dev", repository);
        var started = (await world.CreateAsync(repository)).Is("Available");
        Assert.Equal(
            "database\n/workspaces/app\n2\ninstalled\n",
            (await world.ExecAsync(
                started.Name,
                "for i in $(seq 300); do wget -q -O - http://127.0.0.1:8080/x 2>/dev/null && break; sleep 1; done; pwd; test -d "
                    + ".devcontainer; grep -c -E ' (/fast|/run/berth) tmpfs ' /proc/mounts; cat /own")).Output);
        (await world.StopAsync(started.Name)).Is("Shutdown");
        (await world.StartAsync(started.Name)).Is("Available");
        Assert.Equal(
            "database\n",
            (await world.ExecAsync(
                started.Name, "for i in $(seq 300); do wget -q -O - http://127.0.0.1:8080/x 2>/dev/null && break; sleep 1; done")).Output);
        await world.DeleteAsync(started.Name);
    }

    [Theory]
    [InlineData("volumes_from: ['container:x']", ".devcontainer/compose.yml:4: services.db.volumes_from: mounts of other containers")]
    [InlineData("env_file: ../../x.env", ".devcontainer/compose.yml:4: services.db.env_file: '../../x.env' lies outside the repository")]
    [InlineData("command: 'false', healthcheck: { test: 'true' }", "the service db has ended with the exit code 1")]
    [InlineData(
        "command: sleep 100000, healthcheck: { test: 'echo no disk; false', interval: 100ms, retries: 2 }",
        "the service db is unhealthy, and another waits until it is healthy; its last check says: no disk")]
    public async Task A_service_that_may_not_be_or_does_not_come_is_named(string line, string reason)
    {
        await using var world = await CodespaceWorld.CreateAsync(shared.Process);
        var image = await world.ImageAsync("dev");
        var repository = await world.RepositoryAsync(
            "app", (".devcontainer/devcontainer.json", """{ "dockerComposeFile": "compose.yml", "service": "app" }"""),
            (".devcontainer/compose.yml", $$"""
                services:
                  app: { image: "{{image}}", command: sleep 100000, depends_on: { db: { condition: service_healthy } } }
                  db: { image: "{{image}}",
                        {{line}} }
                """));
        await world.GrantAsync("dev", repository);
        var failed = (await world.CreateAsync(repository)).Is("Failed");
        Assert.Contains(reason, failed.Failure, StringComparison.Ordinal);
        Assert.Empty((await new Command("docker").RunAsync("ps", "--quiet", "--filter", "label=berth.codespace=" + failed.Name)).Text);
    }

    [Fact]
    public async Task A_container_whose_command_ends_is_told_from_one_that_fails()
    {
        await using var world = await CodespaceWorld.CreateAsync(shared.Process);
        var image = await world.ImageAsync("dev");
        var repository = await world.RepositoryAsync(
            "app", (".devcontainer/devcontainer.json", """{ "dockerComposeFile": "compose.yml", "service": "app" }"""),
            (
                ".devcontainer/compose.yml",
                $$"""services: { app: { image: "{{image}}", command: "sh -c 'echo nothing to do; exit 3'" } }"""));
        await world.GrantAsync("dev", repository);
        var failed = (await world.CreateAsync(repository)).Is("Failed");
        Assert.Contains(
            "the dev container ended during the start (exit code 3; its last words: ", failed.Failure, StringComparison.Ordinal);
        Assert.Contains("nothing to do): its main process did", failed.Failure, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_is_killed_between_services_starts_them_afresh()
    {
        await using var server = await ServerProcess.StartAsync("compose-killed", null, "BERTH_ALLOW_FILE_CLONE=true");
        await using var world = await CodespaceWorld.CreateAsync(server);
        var image = await world.ImageAsync("dev");
        var repository = await world.RepositoryAsync(
            "app",
            (
                ".devcontainer/devcontainer.json",
                """{ "dockerComposeFile": "compose.yml", "service": "app", "postCreateCommand": "sleep 0.5; test -e /data/made && touch done", "waitFor": "postCreateCommand" }"""),
            (".devcontainer/compose.yml", $$"""
                x-image: &image { image: "{{image}}", init: true, volumes: ["data:/data", "..:/workspaces/app"] }
                services:
                  app: { <<: *image, command: sleep 100000, depends_on: { db: { condition: service_healthy }, once: { condition: service_completed_successfully } } }
                  once: { <<: *image, command: "sh -c 'sleep 1; touch /data/made'" }
                  db: { <<: *image, command: sleep 100000, depends_on: [once], healthcheck: { test: "test -e /data/made", interval: 100ms, retries: 1000 } }
                volumes: { data: }
                """));
        await world.GrantAsync("dev", repository);
        foreach (var step in new[] { "[services] app waits for db", "[up] Running" })
        {
            var name = await world.BeginAsync(repository);
            await world.UntilLogAsync(name, step);
            await server.KillAsync();
            await server.StartAsync();
            (await world.SettledAsync(name)).Is("Available");
            Assert.Equal(3, (await world.ContainersAsync(name)).Length);
            Assert.Equal(0, (await world.ExecAsync(name, "test -f done")).ExitCode);
            await world.DeleteAsync(name);
            Assert.Empty(await world.ContainersAsync(name));
            Assert.Empty(
                (await new Command("docker").RunAsync("volume", "ls", "--quiet", "--filter", "label=berth.codespace=" + name)).Text);
        }
    }

    private static async Task IsHarmlessAsync(string[] containers)
    {
        long memory = 0;
        foreach (var container in containers)
        {
            var facts = (await new Command("docker").RunAsync(
                "inspect", "--format",
                "{{.HostConfig.Memory}} {{.HostConfig.Privileged}} {{.HostConfig.PortBindings}} {{.HostConfig.PidsLimit}} {{range "
                    + ".Mounts}}{{.Type}}={{.Source}} {{end}}",
                container)).Text.Trim();
            memory += long.Parse(facts.Split(' ')[0]);
            Assert.Contains(" false map[] ", facts, StringComparison.Ordinal);
            Assert.DoesNotContain("bind=/etc", facts, StringComparison.Ordinal);
        }

        Assert.InRange(memory, 1L << 30, 8L << 30);
    }
}
