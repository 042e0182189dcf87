using System.Net.Http.Json;
using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Berth.Client;
using Berth.SystemTests.Fixtures.Codespaces;
using Berth.SystemTests.Fixtures.Server;
using Berth.SystemTests.Fixtures.Tools;

namespace Berth.SystemTests.Codespaces;

/// <summary>Docker in a codespace uses the codespace's own engine, which comes and goes with the codespace.</summary>
public sealed class DockerInsideTests(SharedServer shared)
{
    [Fact]
    public async Task Containers_run_with_the_workspace_with_ports_and_as_privileged_and_last_as_long_as_the_codespace()
    {
        DockerClient.Require();
        await using var world = await CodespaceWorld.CreateAsync(shared.Process);
        var image = await DockerClient.ImageAsync(world, "dev");
        var repository = await world.RepositoryAsync(
            "app",
            (".devcontainer/devcontainer.json", $$"""
                {
                  "image": "{{image}}", "remoteUser": "dev",
                  "mounts": ["source=/var/run/docker.sock,target=/var/run/docker-host.sock,type=bind"], "privileged": true,
                  "postCreateCommand": "docker version --format '{{"{{"}}.Server.Os{{"}}"}}' > os"
                }
                """),
            ("file", "hello\n"),
            ("image/Dockerfile", $"FROM {image}\nRUN echo built > /built && chown 1000 /built\nUSER dev\nCMD cat /built\n"));
        await world.GrantAsync("dev", repository);
        var started = (await world.CreateAsync(repository)).Is("Available").Says("the codespace's own container engine answers");
        var codespace = started.Name;
        await Says("linux\n", "cat os");

        // The workspace has the same path and the same owners on both sides. Berth's registry answers under its own name.
        await Says("ok\n", $"docker pull -q {image} >/dev/null && docker tag {image} dev && echo ok");
        await Says(
            "hello\n0 1000\n",
            "docker run --rm -v $PWD:/w -w /w dev sh -c 'cat file; echo $(id -u) $(stat -c %u file); echo new > new'");
        await Says("0\n1000\n", "stat -c %u new; docker run --rm -u 1000 -v $PWD:/w dev sh -c 'touch /w/mine'; stat -c %u mine");
        await Says("0\n", "docker -H unix:///var/run/docker-host.sock ps -a -q | wc -l");

        // Ports are published in the container that people work in.
        await Says(
            "hi\n",
            "docker run -d --name web --restart always -p 8080:80 dev "
            + "sh -c 'mkdir /www; echo hi > /www/index.html; exec httpd -f -p 80 -h /www' >/dev/null; "
            + "for i in 1 2 3 4 5; do wget -qO- http://localhost:8080/ 2>/dev/null && break; sleep 1; done");
        await Says("tmpfs\n", "docker run --rm --privileged dev sh -c 'mkdir /m; mount -t tmpfs none /m; stat -f -c %T /m'");
        await Says("built\n", "DOCKER_BUILDKIT=0 docker build -q -t built image >/dev/null 2>&1 && docker run --rm built");

        var group = await GroupAsync(world, codespace);
        Assert.NotEmpty(Groups(group));
        (await world.StopAsync(codespace)).Is("Shutdown");
        AssertNothingRuns(codespace, group);
        (await world.StartAsync(codespace)).Is("Available");
        await Says("hi\n", "for i in 1 2 3 4 5 6 7 8 9; do wget -qO- http://localhost:8080/ 2>/dev/null && break; sleep 1; done");
        await Accounts.PostAsync(world.Api, $"/api/v3/user/codespaces/{codespace}/rebuild", new { });
        (await world.SettledAsync(codespace)).Is("Available");
        await Says("built\n", "docker run --rm built");
        await world.DeleteAsync(codespace);
        AssertNothingRuns(codespace, group);

        async Task Says(string output, string command) =>
            Assert.True((await world.ExecAsync(codespace, command)).Output is var said && said == output, said);
    }

    [Fact]
    public async Task An_application_with_a_database_comes_up_by_compose_and_is_opened_by_a_forwarded_port()
    {
        DockerClient.Require();
        Requirement.Program("docker-compose");
        await using var world = await CodespaceWorld.CreateAsync(shared.Process);
        var image = await DockerClient.ImageAsync(world, "dev", compose: true);
        var repository = await world.RepositoryAsync(
            "app",
            (".devcontainer/devcontainer.json", $$"""
                {
                  "image": "{{image}}", "remoteUser": "dev",
                  "mounts": ["source=/var/run/docker.sock,target=/var/run/docker.sock,type=bind"],
                  "postCreateCommand": "docker-compose up -d --build"
                }
                """),
            ("docker-compose.yml", $$"""
                version: "3.8"
                services:
                  web:
                    build: web
                    ports: ["8080:80"]
                    volumes: ["./web/page:/www/page:ro"]
                    depends_on: [db]
                  db:
                    image: {{image}}
                    command: ["sh", "-c", "[ -e /data/rows ] || echo a row > /data/rows; exec nc -ll -p 5432 -e cat /data/rows"]
                    volumes: ["rows:/data"]
                volumes: {rows: {} }
                """),
            ("web/page", "a page\n"),
            ("web/rows", "#!/bin/sh\necho 'Content-Type: text/plain'; echo; cat /www/page; nc -w 3 db 5432 </dev/null\n"),
            ("web/Dockerfile", $"""
                FROM {image}
                COPY rows /www/cgi-bin/rows
                RUN chmod 755 /www/cgi-bin/rows
                CMD ["httpd", "-f", "-p", "80", "-h", "/www"]
                """));
        await world.GrantAsync("dev", repository);
        var started = (await world.CreateAsync(repository)).Is("Available");
        await Patience.UntilAsync(
            async () => (await GetAsync(world, started.Name, 8080, "/cgi-bin/rows")).EndsWith("a page\na row\n", StringComparison.Ordinal),
            "the application answers:\n" + started.Log);
        Assert.Equal(0, (await world.ExecAsync(started.Name, "docker-compose down")).ExitCode);
    }

    [Fact]
    public async Task An_engine_goes_on_when_the_server_is_killed_and_is_found_again()
    {
        DockerClient.Require();
        await using var server = await ServerProcess.StartAsync("docker-killed", null, "BERTH_ALLOW_FILE_CLONE=true");
        await using var world = await CodespaceWorld.CreateAsync(server);
        var image = await DockerClient.ImageAsync(world, "dev");
        var repository = await world.RepositoryAsync("app", (".devcontainer.json", $$"""{ "image": "{{image}}", "privileged": true }"""));
        await world.GrantAsync("dev", repository);
        var codespace = (await world.CreateAsync(repository)).Is("Available").Name;
        var id = (await world.ExecAsync(codespace, $"docker pull -q {image} >/dev/null; docker run -d {image} sleep 3600")).Output;
        await server.KillAsync();
        await server.StartAsync();
        await Patience.UntilAsync(
            async () => (await world.ExecAsync(codespace, "docker ps -q --no-trunc")).Output == id, "the container is still there");
        var group = await GroupAsync(world, codespace);
        Assert.NotEmpty(Groups(group));
        (await world.StopAsync(codespace)).Is("Shutdown");
        AssertNothingRuns(codespace, group);
    }

    /// <summary>Sends a request to a port and returns the answer.</summary>
    private static async Task<string> GetAsync(CodespaceWorld world, string codespace, int port, string path)
    {
        using var client = new BerthClient(world.Server.Url, world.Ada.Token);
        using var tunnel = await client.ForwardAsync(codespace, port, TestContext.Current.CancellationToken);
        await tunnel.SendAsync(
            Encoding.ASCII.GetBytes($"GET {path} HTTP/1.0\r\n\r\n"), WebSocketMessageType.Binary, true,
            TestContext.Current.CancellationToken);
        var answer = new StringBuilder();
        var buffer = new byte[4096];
        while (await tunnel.ReceiveAsync(buffer.AsMemory(), TestContext.Current.CancellationToken) is { Count: > 0 } read
            && read.MessageType != WebSocketMessageType.Close)
        {
            answer.Append(Encoding.ASCII.GetString(buffer, 0, read.Count));
        }

        return answer.ToString();
    }

    /// <summary>The control group of everything that the codespace's engine runs. It is named after the server and the codespace.</summary>
    private static async Task<string> GroupAsync(CodespaceWorld world, string codespace)
    {
        var host = (await File.ReadAllTextAsync(Path.Combine(world.Server.Data, "codespaces-host"))).Trim();
        var found = await world.Api.GetFromJsonAsync<JsonElement>($"/api/v3/user/codespaces/{codespace}");
        return $"berthdocker{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(host)))[..8]}x{found.GetProperty("id")}";
    }

    private static string[] Groups(string name) => Directory.GetDirectories(
        "/sys/fs/cgroup", name, new EnumerationOptions { RecurseSubdirectories = true, MaxRecursionDepth = 1 });

    private static void AssertNothingRuns(string codespace, string group)
    {
        Assert.DoesNotContain(codespace, File.ReadAllText("/proc/self/mountinfo"), StringComparison.Ordinal);
        Assert.Empty(Groups(group));
    }
}
