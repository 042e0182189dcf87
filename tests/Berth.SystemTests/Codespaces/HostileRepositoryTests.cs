using System.Text.Json.Nodes;
using Berth.SystemTests.Fixtures.Codespaces;
using Berth.SystemTests.Fixtures.Server;
using Berth.SystemTests.Fixtures.Tools;

namespace Berth.SystemTests.Codespaces;

/// <summary>Repositories and images that try to reach the host, on the real engine.</summary>
[Trait("Suite", "hostile")]
public sealed class HostileRepositoryTests(SharedServer shared)
{
    [Theory]
    [InlineData("""[{"privileged":true}]""", "privileged mode")]
    [InlineData("""{"privileged":true}""", "privileged mode")]
    [InlineData("""[{"mounts":[{"type":"bind","source":"/","target":"/host"}]}]""", "the mounts")]
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

        // Privileged mode is asked for to run docker, so the codespace gets its own engine.
        Assert.Equal(
            ["/run/berth/ssh-server", .. line == "privileged mode" ? ["/var/run/docker.sock"] : Array.Empty<string>(), "/workspaces/app"],
            Targets(inspected));
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
                "Running initializeCommand... succeeded",
                "runArgs: --privileged is left out", "runArgs: --volume: '/' (at /host) is left out",
                "privileged is ignored", "mounts: '/' (at ", "capAdd: ALL is left out",
                "securityOpt is ignored");

        Assert.False(File.Exists(owned));
        Assert.Equal("[]\n", (await world.ExecAsync(started.Name, "echo $SEEN; ls /host 2>/dev/null")).Output);
        var container = Assert.Single(await world.ContainersAsync(started.Name));
        var inspected = JsonNode.Parse((await new Command("docker").RunAsync("inspect", container)).Text)![0]!;
        Assert.False((bool)inspected["HostConfig"]!["Privileged"]!);
        Assert.Null(inspected["HostConfig"]!["CapAdd"]);
        Assert.Null(inspected["HostConfig"]!["SecurityOpt"]);
        Assert.Equal("berth-" + started.Name, (string?)inspected["HostConfig"]!["NetworkMode"]);
        Assert.Equal(["/run/berth/ssh-server", "/var/run/docker.sock", "/workspaces/app"], Targets(inspected));
        Assert.Contains(
            Path.Combine(world.Server.Data, "codespaces", started.Name, "workspace", "app"),
            inspected["Mounts"]!.AsArray().Select(mount => (string?)mount!["Source"]));
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

    private static IEnumerable<string> Targets(JsonNode container) =>
        container["Mounts"]!.AsArray().Select(mount => (string)mount!["Destination"]!).Order(StringComparer.Ordinal);
}
