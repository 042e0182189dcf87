using Berth.SystemTests.Fixtures.Server;
using Berth.SystemTests.Fixtures.Tools;

namespace Berth.SystemTests.Codespaces;

/// <summary>
/// What the dev container tools do with a repository when they have the engine's own socket and run as the server does. For every case
/// here, the tests of hostile repositories, Dockerfiles and compose files show that Berth refuses it or that it has no effect.
/// </summary>
public sealed class WithoutBoundaryTests : IAsyncLifetime
{
    private const string Secret = "s3cret";
    private readonly TemporaryFolder _folder = new();
    private readonly string _image = $"hostile.invalid/{Accounts.Unique("bare")}/dev:1";

    public async ValueTask InitializeAsync()
    {
        Requirement.Program("docker");
        Requirement.Program("devcontainer");
        Requirement.Root();
        Requirement.That((await new Command("docker").TryAsync(null, "version")).ExitCode == 0, "no container engine answers");
        await new Command("docker").RunAsync("import", "--change", "CMD [\"/bin/sh\"]", await BaseImage.ArchiveAsync(), _image);
        await File.WriteAllTextAsync(_folder["secret.txt"], Secret);
    }

    public async ValueTask DisposeAsync()
    {
        var docker = new Command("docker");
        var left = await docker.RunAsync("ps", "--all", "--quiet", "--filter", $"label=devcontainer.local_folder={_folder["out/app"]}");
        foreach (var container in left.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            await docker.TryAsync(null, "rm", "--force", "--volumes", container);
        }

        await docker.TryAsync(null, "rmi", "--force", _image, _image + "-labelled", _image + "-built");
        _folder.Dispose();
    }

    [Fact]
    public async Task A_configuration_has_the_host()
    {
        var container = await UpAsync($$"""
            {
              "image": "{{_image}}", "initializeCommand": "touch {{_folder.Path}}/owned", "capAdd": ["SYS_PTRACE"], "securityOpt": ["seccomp=unconfined"],
              "runArgs": ["--network=none", "--pid=host", "-v", "{{_folder.Path}}:/by-argument"], "mounts": ["source={{_folder.Path}},target=/by-mount,type=bind"],
              "workspaceMount": "source={{_folder.Path}},target=/workspaces/app,type=bind", "workspaceFolder": "/workspaces/app",
              "containerEnv": {"SEEN": "[${localEnv:BERTH_TEST_SECRET}]"}
            }
            """);

        // A command of the repository has run as the server, on the server's machine.
        Assert.True(File.Exists(_folder["owned"]));
        Assert.Equal(
            Secret + Secret + Secret,
            (await new Command("docker")
                .RunAsync("exec", container, "cat", "/by-argument/secret.txt", "/by-mount/secret.txt", "/workspaces/app/secret.txt")).Text);
        var made = (await new Command("docker").RunAsync("inspect", container)).Text;
        Assert.All(
            ["SYS_PTRACE", "seccomp=unconfined", "\"PidMode\": \"host\"", $"SEEN=[{Secret}]"],
            words => Assert.Contains(words, made, StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_images_label_has_the_host_past_a_clean_configuration()
    {
        var label = $$"""[{"mounts":[{"type":"bind","source":"{{_folder.Path}}","target":"/host"}],"capAdd":["SYS_PTRACE"]}]""";
        await new Command("docker")
            .RunAsync("import", "--change", $"LABEL devcontainer.metadata='{label}'", await BaseImage.ArchiveAsync(), _image + "-labelled");
        var container = await UpAsync($$"""{"image":"{{_image}}-labelled","runArgs":["--network=none"]}""");
        Assert.Equal(Secret, (await new Command("docker").RunAsync("exec", container, "cat", "/host/secret.txt")).Text);
        Assert.Contains(
            "SYS_PTRACE", (await new Command("docker").RunAsync("inspect", "--format", "{{.HostConfig.CapAdd}}", container)).Line,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_builds_context_is_any_folder_and_its_base_any_image_that_lies_there()
    {
        await PrepareAsync("""{"build":{"dockerfile":"Dockerfile","context":"../.."}}""");
        await File.WriteAllTextAsync(_folder["out/neighbour.txt"], Secret, TestContext.Current.CancellationToken);
        var id = (await new Command("docker").RunAsync("image", "inspect", "--format", "{{.Id}}", _image)).Line;
        await File.WriteAllTextAsync(
            _folder["out/app/.devcontainer/Dockerfile"], $"FROM {id}\nCOPY neighbour.txt /stolen\n", TestContext.Current.CancellationToken);
        await Tools().RunAsync("build", "--workspace-folder", _folder["out/app"], "--image-name", _image + "-built", "--buildkit", "never");
        Assert.Equal(
            Secret, (await new Command("docker").RunAsync("run", "--rm", "--network", "none", _image + "-built", "cat", "/stolen")).Text);
    }

    private async Task<string> UpAsync(string configuration)
    {
        await PrepareAsync(configuration);
        var said = await Tools().RunAsync("up", "--workspace-folder", _folder["out/app"], "--update-remote-user-uid-default", "never");
        return (string)System.Text.Json.Nodes.JsonNode.Parse(said.Text.Trim().Split('\n')[^1])!["containerId"]!;
    }

    private async Task PrepareAsync(string configuration)
    {
        _folder.Create("out/app/.devcontainer");
        await File.WriteAllTextAsync(
            _folder["out/app/.devcontainer/devcontainer.json"], configuration, TestContext.Current.CancellationToken);
    }

    private static Command Tools()
    {
        var tools = new Command("devcontainer");
        tools.Environment["BERTH_TEST_SECRET"] = Secret;
        return tools;
    }
}
