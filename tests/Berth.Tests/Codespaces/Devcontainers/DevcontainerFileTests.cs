using System.Text.Json.Nodes;
using Berth.Server.Codespaces;
using Berth.Server.Codespaces.Devcontainers;

namespace Berth.Tests.Codespaces.Devcontainers;

public sealed class DevcontainerFileTests : IDisposable
{
    private const string Image = "localhost:5000/acme/app-dev:1";
    private readonly string _checkout = Directory.CreateTempSubdirectory("berth-checkout-").FullName;

    public void Dispose() => Directory.Delete(_checkout, recursive: true);

    [Fact]
    public void Comments_and_trailing_commas_are_fine()
    {
        Write(".devcontainer/devcontainer.json", $$"""
            // the image
            { "image": "{{Image}}", /* who */ "remoteUser": "dev", "postCreateCommand": ["make", "all",], }
            """);
        var configuration = Read();
        Assert.Equal((Image, "dev", "/workspaces/app", "/workspaces/app"),
            (configuration.Image.ToString(), configuration.RemoteUser, configuration.MountTarget, configuration.WorkspaceFolder));
        Assert.Empty(configuration.Ignored);
    }

    [Theory]
    [InlineData(".devcontainer/devcontainer.json")]
    [InlineData(".devcontainer.json")]
    [InlineData(".devcontainer/python/devcontainer.json")]
    public void The_three_places_are_known(string path)
    {
        Write(path, $$"""{"image":"{{Image}}"}""");
        Assert.Equal(path, DevcontainerFile.Read(_checkout, null).Path);
    }

    [Fact]
    public void A_byte_order_mark_is_no_error()
    {
        Write(".devcontainer.json", "\uFEFF" + $$"""{"image":"{{Image}}"}""");
        Assert.Equal(Image, Read().Image.ToString());
    }

    [Fact]
    public void Of_several_in_folders_one_must_be_named()
    {
        Write(".devcontainer/go/devcontainer.json", "{}");
        Write(".devcontainer/python/devcontainer.json", $$"""{"image":"{{Image}}"}""");
        Assert.Contains("devcontainer_path: .devcontainer/go/devcontainer.json, .devcontainer/python/devcontainer.json", Fault(), StringComparison.Ordinal);
        Assert.Equal(".devcontainer/python/devcontainer.json", DevcontainerFile.Read(_checkout, ".devcontainer/python/devcontainer.json").Path);
    }

    [Theory]
    [InlineData("{\n  \"image\": \"x\"\n  \"remoteUser\": \"dev\"\n}", "is not valid JSON (line 3, column 3)")]
    [InlineData("[]", "must hold a JSON object")]
    [InlineData("{\"image\":\"a\",\"image\":\"b\"}", "is not valid JSON")]
    [InlineData("", "is empty")]
    [InlineData("{}", "names no image")]
    [InlineData("""{"image":5}""", "image must be a text")]
    [InlineData("""{"image":""}""", "image must be a text")]
    [InlineData("""{"image":"node:20"}""", "names no registry")]
    [InlineData("""{"image":"IMAGE","remoteUser":["dev"]}""", "remoteUser must be a text")]
    [InlineData("""{"image":"IMAGE","containerEnv":"A=b"}""", "containerEnv has the wrong type")]
    [InlineData("""{"image":"IMAGE","containerEnv":{"A":1}}""", "containerEnv has the wrong type")]
    [InlineData("""{"image":"IMAGE","postCreateCommand":7}""", "postCreateCommand has the wrong type")]
    [InlineData("""{"image":"IMAGE","init":"yes"}""", "init has the wrong type")]
    [InlineData("""{"image":"IMAGE","workspaceFolder":"../x"}""", "workspaceFolder must be an absolute path")]
    [InlineData("""{"image":"IMAGE","workspaceFolder":"/workspaces/../etc"}""", "workspaceFolder must be an absolute path")]
    [InlineData("""{"image":"IMAGE","workspaceFolder":"/x,type=bind,source=/"}""", "workspaceFolder must be an absolute path")]
    [InlineData("""{"build":{"dockerfile":"Dockerfile"}}""", "building an image (build), which is not supported yet by this version")]
    [InlineData("""{"dockerFile":"Dockerfile"}""", "building an image (dockerFile), which is not supported yet by this version")]
    [InlineData("""{"dockerComposeFile":"compose.yml","service":"app"}""", "docker compose (dockerComposeFile), which is not supported yet by this version")]
    [InlineData("""{"image":"IMAGE","features":{"ghcr.io/x/y:1":{}}}""", "dev container features (features), which is not supported yet by this version")]
    public void What_cannot_be_used_is_said_precisely(string content, string fault)
    {
        Write(".devcontainer/devcontainer.json", content.Replace("IMAGE", Image, StringComparison.Ordinal));
        var said = Fault();
        Assert.StartsWith(".devcontainer/devcontainer.json", said, StringComparison.Ordinal);
        Assert.Contains(fault, said, StringComparison.Ordinal);
    }

    [Fact]
    public void Depth_and_size_have_limits()
    {
        Write(".devcontainer.json", $$"""{"image":"{{Image}}","customizations":{{new string('[', 100)}}{{new string(']', 100)}}}""");
        Assert.Contains("is not valid JSON", Fault(), StringComparison.Ordinal);
        Write(".devcontainer.json", $$"""{"image":"{{Image}}","name":"{{new string('x', 1024 * 1024)}}"}""");
        Assert.Contains("larger than 1 MiB", Fault(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_repository_without_one_is_told_what_to_add() => Assert.Contains("add .devcontainer/devcontainer.json", Fault(), StringComparison.Ordinal);

    [Theory]
    [InlineData("../outside/devcontainer.json")]
    [InlineData("/etc/passwd")]
    [InlineData(".devcontainer/../../x/devcontainer.json")]
    [InlineData(".devcontainer/a/b/devcontainer.json")]
    [InlineData(".devcontainer/../devcontainer.json")]
    [InlineData("README.md")]
    public void Another_place_is_refused(string path) =>
        Assert.Contains("is not a place", Assert.Throws<CodespaceFaultException>(() => DevcontainerFile.Read(_checkout, path)).Message, StringComparison.Ordinal);

    [Fact]
    public void Links_are_not_followed()
    {
        var outside = Directory.CreateTempSubdirectory("berth-outside-").FullName;
        try
        {
            File.WriteAllText(Path.Combine(outside, "devcontainer.json"), $$"""{"image":"{{Image}}"}""");
            Directory.CreateSymbolicLink(Path.Combine(_checkout, ".devcontainer"), outside);
            Assert.Contains(".devcontainer is a symbolic link", Fault(), StringComparison.Ordinal);
            File.CreateSymbolicLink(Path.Combine(_checkout, ".devcontainer.json"), "/etc/passwd");
            Assert.Contains(".devcontainer.json is a symbolic link",
                Assert.Throws<CodespaceFaultException>(() => DevcontainerFile.Read(_checkout, ".devcontainer.json")).Message, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(outside, recursive: true);
        }
    }

    [Fact]
    public void What_could_reach_the_host_is_left_out_and_reported()
    {
        Write(".devcontainer.json", $$"""
            {
              "image": "{{Image}}", "initializeCommand": "touch /tmp/owned", "runArgs": ["--privileged"], "mounts": ["source=/,target=/host,type=bind"],
              "privileged": true, "capAdd": ["ALL"], "securityOpt": ["seccomp=unconfined"], "appPort": [80], "workspaceMount": "source=/,target=/src,type=bind",
              "updateRemoteUserUID": true, "hostRequirements": {"gpu": true}, "invented": 1,
              "containerEnv": {"A": "b"}, "features": {}
            }
            """);
        var configuration = Read();
        Assert.Equal(
            ["initializeCommand", "runArgs", "mounts", "privileged", "capAdd", "securityOpt", "appPort", "updateRemoteUserUID", "hostRequirements", "invented", "workspaceMount"],
            configuration.Ignored.Select(line => line.Split(' ')[0]).OrderBy(name => name == "workspaceMount"));
        var written = JsonNode.Parse(configuration.ToOverride("localhost:5000/acme/app-dev@sha256:a", "/srv/ws/app"))!.AsObject();
        Assert.Equal(["containerEnv", "image", "workspaceFolder", "workspaceMount"], written.Select(field => field.Key).Order(StringComparer.Ordinal));
        Assert.Equal("type=bind,source=/srv/ws/app,target=/src", (string?)written["workspaceMount"]);
    }

    [Theory]
    [InlineData("${localEnv:HOME}", "")]
    [InlineData("${localEnv:HOME:/root}", "/root")]
    [InlineData("${env:BERTH_ADMIN_TOKEN}", "")]
    [InlineData("a${localEnv:X}b${containerEnv:PATH}", "ab${containerEnv:PATH}")]
    public void The_servers_environment_is_not_to_be_seen(string value, string seen)
    {
        Write(".devcontainer.json", $$"""{"image":"{{Image}}","containerEnv":{"A":"{{value}}"} }""");
        Assert.Equal(seen, (string?)JsonNode.Parse(Read().ToOverride("x", "/y"))!["containerEnv"]!["A"]);
    }

    [Theory]
    [InlineData("/workspaces/app/backend", "/workspaces/app", "/workspaces/app/backend")]
    [InlineData("/workspace", "/workspace", "/workspace")]
    [InlineData("/workspaces/application", "/workspaces/application", "/workspaces/application")]
    public void A_workspace_folder_is_in_the_mount_or_is_the_mount(string folder, string target, string start)
    {
        Write(".devcontainer.json", $$"""{"image":"{{Image}}","workspaceFolder":"{{folder}}"}""");
        var configuration = Read();
        Assert.Equal((target, start), (configuration.MountTarget, configuration.WorkspaceFolder));
    }

    private void Write(string path, string content)
    {
        var file = Path.Combine(_checkout, path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, content);
    }

    private DevcontainerConfiguration Read() => DevcontainerConfiguration.From(DevcontainerFile.Read(_checkout, null), "app");

    private string Fault() => Assert.Throws<CodespaceFaultException>(Read).Message;
}
