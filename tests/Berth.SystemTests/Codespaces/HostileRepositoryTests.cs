using System.Text.Json.Nodes;
using Berth.Server.Codespaces;
using Berth.Server.Codespaces.Engine;
using Berth.Server.Codespaces.Gate;
using Berth.SystemTests.Fixtures.Codespaces;
using Berth.SystemTests.Fixtures.Server;
using Berth.SystemTests.Fixtures.Tools;

namespace Berth.SystemTests.Codespaces;

/// <summary>Repositories and images that reach for the host, on the real engine.</summary>
[Trait("Suite", "hostile")]
public sealed class HostileRepositoryTests(SharedServer shared)
{
    [Theory]
    [InlineData("""[{"privileged":true}]""", "privileged mode")]
    [InlineData("""{"privileged":true}""", "privileged mode")]
    [InlineData("""[{"mounts":[{"type":"bind","source":"/","target":"/host"}]}]""", "the mounts")]
    [InlineData(
        """[{"mounts":["source=/var/run/docker.sock,target=/var/run/docker.sock,type=bind"]}]""", "the mounts source=/var/run/docker.sock")]
    [InlineData("""[{"mounts":[{"type":"volume","source":"shared","target":"/shared"}]}]""", "the mounts")]
    [InlineData("""[{"capAdd":["SYS_ADMIN"]}]""", "the capabilities SYS_ADMIN")]
    [InlineData("""[{"securityOpt":["seccomp=unconfined"]}]""", "the security options seccomp=unconfined")]
    public async Task An_image_whose_label_asks_for_the_host_gets_an_ordinary_container(string metadata, string line)
    {
        await using var world = await CodespaceWorld.CreateAsync(shared.Process);
        var image = await world.ImageAsync("dev", ("devcontainer.metadata", metadata));
        var repository = await world.RepositoryAsync("app", (".devcontainer.json", $$"""{"image":"{{image}}"}"""));
        await world.GrantAsync("dev", repository);
        var started = (await world.CreateAsync(repository)).Is("Available").Says($"of the image asks for {line}");
        var container = Assert.Single(await world.ContainersAsync(started.Name));
        var inspected = JsonNode.Parse((await new Command("docker").RunAsync("inspect", container)).Text)![0]!;
        Assert.False((bool)inspected["HostConfig"]!["Privileged"]!);
        Assert.Null(inspected["HostConfig"]!["CapAdd"]);
        Assert.Null(inspected["HostConfig"]!["SecurityOpt"]);
        Assert.Single(inspected["Mounts"]!.AsArray());
    }

    [Fact]
    public async Task A_configuration_that_asks_for_the_host_gets_an_ordinary_container()
    {
        await using var world = await CodespaceWorld.CreateAsync(shared.Process);
        var image = await world.ImageAsync("dev");
        var owned = Path.Combine(Path.GetTempPath(), Accounts.Unique("owned"));
        var repository = await world.RepositoryAsync("app", (".devcontainer.json", $$"""
            {
              "image": "{{image}}", "initializeCommand": "touch {{owned}}", "runArgs": ["--privileged", "-v", "/:/host"], "privileged": true,
              "mounts": ["source=/,target=/host,type=bind"], "capAdd": ["ALL"], "securityOpt": ["seccomp=unconfined"], "appPort": [8080],
              "workspaceMount": "source=/,target=/workspaces/app,type=bind", "containerEnv": {"SEEN": "[${localEnv:PATH}${localEnv:BERTH_ADMIN_TOKEN}]"}
            }
            """));
        await world.GrantAsync("dev", repository);
        var started = (await world.CreateAsync(repository)).Is("Available")
            .Says(
                "initializeCommand is ignored", "runArgs is ignored", "privileged is ignored", "mounts is ignored", "capAdd is ignored",
                "securityOpt is ignored");

        Assert.False(File.Exists(owned));
        Assert.Equal("[]\n", (await world.ExecAsync(started.Name, "echo $SEEN; ls /host 2>/dev/null")).Output);
        var container = Assert.Single(await world.ContainersAsync(started.Name));
        var inspected = JsonNode.Parse((await new Command("docker").RunAsync("inspect", container)).Text)![0]!;
        Assert.False((bool)inspected["HostConfig"]!["Privileged"]!);
        Assert.Null(inspected["HostConfig"]!["CapAdd"]);
        Assert.Null(inspected["HostConfig"]!["SecurityOpt"]);
        Assert.Equal("berth-" + started.Name, (string?)inspected["HostConfig"]!["NetworkMode"]);
        Assert.Equal(
            Path.Combine(world.Server.Data, "codespaces", started.Name, "workspace", "app"),
            (string?)Assert.Single(inspected["Mounts"]!.AsArray())!["Source"]);
    }

    [Theory]
    [InlineData("docker")]
    [InlineData("/usr/bin/docker")]
    public async Task The_docker_client_sees_and_does_through_the_gate_what_a_codespace_may(string client)
    {
        Requirement.That(client == "docker" || File.Exists(client), $"{client} is not installed");
        await using var world = await CodespaceWorld.CreateAsync(shared.Process);
        var image = await world.ImageAsync("dev");
        var repository = await world.RepositoryAsync("app", (".devcontainer.json", $$"""{"image":"{{image}}"}"""));
        await world.GrantAsync("dev", repository);
        var neighbour = (await world.CreateAsync(repository)).Is("Available");
        var pinned = (await new Command("docker")
            .RunAsync("inspect", "--format", "{{.Config.Image}}", Assert.Single(await world.ContainersAsync(neighbour.Name)))).Line;

        using var folder = new TemporaryFolder();
        var name = Accounts.Unique("gate");
        var scope = new GateScope(name, "test-host", pinned, folder.Path, "/workspaces/app")
        {
            Containers = new GateContainers(
                BerthLabels.Over((BerthLabels.Codespace, name), (BerthLabels.Host, "test-host"), (BerthLabels.Role, ContainerRole.Dev)), [],
                (_, _) => Task.CompletedTask),
        };
        await using var gate = new EngineGate(new EngineSocket("unix:///var/run/docker.sock"), scope, (_, _) => { });
        var docker = new Command(client, "--host", "unix://" + gate.SocketPath);
        try
        {
            Assert.DoesNotContain(neighbour.Name, (await docker.RunAsync("ps", "--all")).Text, StringComparison.Ordinal);
            var own = (await docker.RunAsync(
                "run", "--detach", "--mount", $"type=bind,source={folder.Path},target=/workspaces/app", pinned, "sleep", "1000")).Line;
            Assert.StartsWith((await docker.RunAsync("ps", "--quiet")).Line, own, StringComparison.Ordinal);
            Assert.Equal(
                "through the gate", (await docker.RunWithInputAsync("through the gate", "exec", "--interactive", own, "cat")).Text);
            Assert.Equal(3, (await docker.TryAsync(null, "exec", own, "sh", "-c", "exit 3")).ExitCode);

            var foreign = Assert.Single(await world.ContainersAsync(neighbour.Name));
            foreach (var (arguments, reason) in new (string[], string)[]
            {
                (["exec", foreign, "id"], "No such container"),
                (["logs", foreign], "No such container"),
                (["stop", foreign], "No such container"),
                (["rm", "--force", own], "not available to codespaces"),
                (["run", "--privileged", pinned], "privileged mode is not allowed"),
                (["run", "--volume", "/:/host", pinned], "mounts other than the codespace's own workspace"),
                (["run", "--pid", "host", pinned], "another process namespace is not allowed"),
                (["run", "--network", "host", pinned], "foreign networks and the host's are not allowed"),
                (["run", "--device", "/dev/null", pinned], "host devices are not allowed"),
                (["run", "--security-opt", "seccomp=unconfined", pinned], "security options are not allowed"),
                (["run", "--publish", "80:80", pinned], "publishing ports on the host is not allowed"),
                (["run", "busybox"], "only the codespace's own image"),
                (["exec", "--privileged", own, "id"], "privileged mode is not allowed"),
                (["cp", own + ":/etc/passwd", "-"], "not available to codespaces"),
                (["pull", "busybox"], "pulling is Berth's part"),
                (["volume", "ls"], "not available to codespaces"),
                (["info"], "not available to codespaces"),
            })
            {
                Assert.Contains(reason, (await docker.RefusedAsync(arguments)).All, StringComparison.Ordinal);
            }
        }
        finally
        {
            await new Command("docker").TryAsync(null, "rm", "--force", scope.ContainerName);
        }
    }

    [Fact]
    public async Task A_link_in_the_repository_is_not_followed_to_the_host()
    {
        await using var world = await CodespaceWorld.CreateAsync(shared.Process);
        var repository = await world.RepositoryAsync("app", ("README.md", "x"));
        File.CreateSymbolicLink(Path.Combine(world.FolderOf("app"), ".devcontainer.json"), "/etc/passwd");
        await world.CommitAsync("app");
        var failed = (await world.CreateAsync(repository)).Is("Failed").Says(".devcontainer.json is a symbolic link");
        Assert.DoesNotContain("root:", failed.Log, StringComparison.Ordinal);
    }
}
