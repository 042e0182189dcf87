using Berth.Server.Codespaces;
using Berth.Server.Codespaces.Devcontainers;
using Berth.Server.Faults;

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
            (configuration.Image!.ToString(), configuration.RemoteUser, configuration.MountTarget, configuration.WorkspaceFolder));
        Assert.Empty(configuration.Ignored);
    }

    [Theory]
    [InlineData(".devcontainer/devcontainer.json")]
    [InlineData(".devcontainer.json")]
    [InlineData(".devcontainer/python/devcontainer.json")]
    public void The_three_places_are_known(string path)
    {
        Write(path, $$"""{"image":"{{Image}}"}""");
        Assert.Equal(path, DevcontainerFile.Read(Budgets.Checkout(_checkout), null).Path);
    }

    [Theory]
    [InlineData("""{ "cpus": 2, "memory": "8gb", "storage": "32gb" }""", 0)]
    [InlineData("""{ "cpus": 4 }""", 1)]
    [InlineData("""{ "memory": "16gb", "gpu": true }""", 2)]
    [InlineData("""{ "gpu": "optional" }""", 0)]
    public void A_machine_that_is_smaller_than_what_is_asked_for_is_told(string wanted, int lines)
    {
        Write(".devcontainer.json", $$"""{"image":"{{Image}}","hostRequirements":{{wanted}} }""");
        Assert.Equal(
            lines,
            Berth.Server.Codespaces.Steps.ReadConfiguration.Shortages(
                Read().Requirements, new Machine("basicLinux32gb", 2, 8L << 30, 32L << 30))
                .Count());
    }

    [Fact]
    public void A_byte_order_mark_is_no_error()
    {
        Write(".devcontainer.json", "\uFEFF" + $$"""{"image":"{{Image}}"}""");
        Assert.Equal(Image, Read().Image!.ToString());
    }

    [Fact]
    public void Of_several_in_folders_one_must_be_named()
    {
        Write(".devcontainer/go/devcontainer.json", "{}");
        Write(".devcontainer/python/devcontainer.json", $$"""{"image":"{{Image}}"}""");
        Assert.Contains(
            "devcontainer_path: .devcontainer/go/devcontainer.json, .devcontainer/python/devcontainer.json", Fault(),
            StringComparison.Ordinal);
        Assert.Equal(
            ".devcontainer/python/devcontainer.json",
            DevcontainerFile.Read(Budgets.Checkout(_checkout), ".devcontainer/python/devcontainer.json").Path);
    }

    [Theory]
    [InlineData("\n  \"image\": \"x\"\n", "is not valid JSON (line 2, column 10)")]
    [InlineData("[]", "must hold a JSON object")]
    [InlineData("", "is empty")]
    [InlineData("{}", "names no image")]
    [InlineData("""{"image":[5]}""", "image must be a text")]
    [InlineData("""{"image":""}""", "names no image")]
    [InlineData("""{"image":"0123456789ab"}""", "is an image id")]
    [InlineData("""{"image":"IMAGE","remoteUser":["dev"]}""", "remoteUser must be a text")]
    [InlineData("""{"image":"IMAGE","containerEnv":{"A":[]}}""", "containerEnv has the wrong type")]
    [InlineData("""{"image":"IMAGE","containerEnv":"A=b"}""", "containerEnv has the wrong type")]
    [InlineData("""{"image":"IMAGE","name":"\ud800"}""", "contains text that is not Unicode")]
    [InlineData("""{"image":"IMAGE","\udc00":1}""", "contains text that is not Unicode")]
    [InlineData("""{"image":"IMAGE","workspaceFolder":"/work space"}""", "workspaceFolder must be an absolute path")]
    [InlineData("""{"image":"IMAGE","workspaceFolder":"/workspaces/app/../../etc"}""", "workspaceFolder must be an absolute path")]
    [InlineData("""{"image":"IMAGE","workspaceFolder":"/proc/1"}""", "not the kernel's")]
    [InlineData("""{"image":"IMAGE","workspaceFolder":"/./dev/shm"}""", "not the kernel's")]
    [InlineData("""{"image":"IMAGE","workspaceFolder":"//run/berth"}""", "not the kernel's")]
    [InlineData("""{"image":"IMAGE","workspaceFolder":"../x"}""", "workspaceFolder must be an absolute path")]
    [InlineData("""{"image":"IMAGE","workspaceFolder":"/workspaces/../etc"}""", "workspaceFolder must be an absolute path")]
    [InlineData("""{"image":"IMAGE","workspaceFolder":"/x,type=bind,source=/"}""", "workspaceFolder must be an absolute path")]
    [InlineData("""{"build":"Dockerfile"}""", "build must be an object")]
    [InlineData("""{"build":{"dockerfile":"../../Dockerfile"}}""", "build.dockerfile: '../../Dockerfile' lies outside the repository")]
    [InlineData("""{"build":{"dockerfile":"/etc/passwd"}}""", "build.dockerfile: '/etc/passwd' lies outside the repository")]
    [InlineData("""{"build":{"dockerfile":"Dockerfile","context":"../.."}}""", "build.context: '../..' lies outside the repository")]
    [InlineData("""{"build":{"dockerfile":"Dockerfile","context":"${localEnv:X:/}"}}""", "build.context: '/' lies outside the repository")]
    [InlineData("""{"dockerFile":"Dockerfile","context":"../../.."}""", "build.context: '../../..' lies outside the repository")]
    [InlineData("""{"build":{"dockerfile":"Dockerfile","args":{"A":[1]}}}""", "build.args must be names with texts")]
    [InlineData("""{"build":{"dockerfile":"Dockerfile","args":{"A=B":"x"}}}""", "build.args must be names with texts")]
    [InlineData("""{"build":{"dockerfile":"Dockerfile","options":["--build-arg","HOME"]}}""", "is written NAME=VALUE")]
    [InlineData("""{"build":{"dockerfile":"Dockerfile","options":["--build-context","x"]}}""", "is written NAME=FOLDER")]
    [InlineData("""{"build":{"dockerfile":"Dockerfile","options":["--build-context=x=../y"]}}""", "'../y' lies outside the repository")]
    [InlineData("""{"build":{"dockerfile":"Dockerfile","options":["--build-context","x=service:y"]}}""", "has no folder service:y")]
    [InlineData("""{"dockerComposeFile":"compose.yml"}""", "service must say which service")]
    [InlineData(
        """{"dockerComposeFile":"../../../compose.yml","service":"app"}""", "dockerComposeFile: '../../../compose.yml' lies outside")]
    [InlineData("""{"dockerComposeFile":[],"service":"app"}""", "must name one to ten files")]
    [InlineData("""{"image":"IMAGE","features":["ghcr.io/x/y:1"]}""", "features must be an object")]
    [InlineData("""{"image":"IMAGE","features":{"ghcr.io/x/y:1":[5]}}""", "the options of ghcr.io/x/y:1 must be an object")]
    [InlineData("""{"image":"IMAGE","secrets":{"A-B":{}}}""", "'A-B' is no name of a variable")]
    public void What_cannot_be_used_is_said_precisely(string content, string fault)
    {
        Write(".devcontainer/devcontainer.json", content.Replace("IMAGE", Image, StringComparison.Ordinal));
        var said = Fault();
        Assert.StartsWith(".devcontainer/devcontainer.json", said, StringComparison.Ordinal);
        Assert.Contains(fault, said, StringComparison.Ordinal);
    }

    [Trait("Suite", "hostile")]
    [Fact]
    public void Depth_and_size_have_limits()
    {
        Write(".devcontainer.json", $$"""{"image":"{{Image}}","customizations":{{new string('[', 100)}}{{new string(']', 100)}}}""");
        Assert.Contains("is not valid JSON", Fault(), StringComparison.Ordinal);
        Write(".devcontainer.json", $$"""{"image":"{{Image}}","name":"{{new string('x', 1024 * 1024)}}"}""");
        Assert.Contains("larger than 1 MiB", Fault(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_repository_without_one_is_told_what_to_add() =>
        Assert.Contains("add .devcontainer/devcontainer.json", Fault(), StringComparison.Ordinal);

    [Trait("Suite", "hostile")]
    [Theory]
    [InlineData("../outside/devcontainer.json")]
    [InlineData("/etc/passwd")]
    [InlineData(".devcontainer/../../x/devcontainer.json")]
    [InlineData(".devcontainer/a/b/devcontainer.json")]
    [InlineData(".devcontainer/../devcontainer.json")]
    [InlineData("README.md")]
    public void Another_place_is_refused(string path) =>
        Assert.Contains(
            "is not a place", Assert.Throws<FaultException>(() => DevcontainerFile.Read(Budgets.Checkout(_checkout), path)).Message,
            StringComparison.Ordinal);

    [Trait("Suite", "hostile")]
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
                Assert.Throws<FaultException>(() => DevcontainerFile.Read(Budgets.Checkout(_checkout), ".devcontainer.json")).Message,
                StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(outside, recursive: true);
        }
    }

    [Trait("Suite", "hostile")]
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
            [
                "appPort", "capAdd", "invented", "mounts", "privileged", "runArgs", "securityOpt",
                "updateRemoteUserUID", "workspaceMount",
            ],
            configuration.Ignored.Select(line => line.Split(' ')[1].TrimEnd(':')).Order(StringComparer.Ordinal));
        Assert.Equal(["containerEnv"], configuration.Entry.Select(field => field.Key));
        Assert.Equal("/src", configuration.MountTarget);
    }

    [Trait("Suite", "hostile")]
    [Theory]
    [InlineData("${localEnv:HOME}", "")]
    [InlineData("${localEnv:HOME:/root}", "/root")]
    [InlineData("${env:BERTH_ADMIN_TOKEN}", "")]
    [InlineData("a${localEnv:X}b${containerEnv:PATH}", "ab${containerEnv:PATH}")]
    public void The_servers_environment_is_not_to_be_seen(string value, string seen)
    {
        Write(".devcontainer.json", $$"""{"image":"{{Image}}","containerEnv":{"A":"{{value}}"} }""");
        Assert.Equal(seen, (string?)Read().Entry["containerEnv"]!["A"]);
    }

    [Fact]
    public void What_a_repository_recommends_and_wants_is_known()
    {
        Write(".devcontainer.json", $$"""
            {"image":"{{Image}}","secrets":{"API_KEY":{"description":"for the API","documentationUrl":"https://example.com"},"OTHER":{} },
             "hostRequirements":{"cpus":4,"memory":"8gb","storage":"32GB","gpu":"optional"},"features":{"./own":{"a":true},"ghcr.io/x/old:1":"2.0","ghcr.io/x/off:1":false} }
            """);
        var configuration = Read();
        Assert.Equal(
            [new RecommendedSecret("API_KEY", "for the API", "https://example.com"), new RecommendedSecret("OTHER", null, null)],
            configuration.Secrets);
        Assert.Equal(new HostRequirements(4, 8L << 30, 32L << 30, false), configuration.Requirements);
        Assert.Equal(
            ["""./own {"a":true}""", """ghcr.io/x/old:1 {"version":"2.0"}"""],
            configuration.Features.Select(feature => $"{feature.Id} {feature.Options.ToJsonString()}"));
    }

    [Fact]
    public void A_line_is_found_by_the_names_that_lead_to_it()
    {
        Write(
            ".devcontainer.json",
            "{\n  // image\n  \"other\": {\"image\": 1, \"features\": {\"a\": 1}},\n  \"image\": \"x\",\n  \"features\": {\n    \"b\": "
                + "{\"a\": 1},\n    \"a\": {}\n  }\n}");
        var file = DevcontainerFile.Read(Budgets.Checkout(_checkout), null);
        Assert.Equal(
            (4, 7, 5, 1), (file.LineOf("image"), file.LineOf("features", "a"), file.LineOf("features"), file.LineOf("features", "none")));
    }

    [Fact]
    public void All_configurations_of_a_repository_are_found_without_following_links()
    {
        Write(".devcontainer/go/devcontainer.json", "{}");
        Write(".devcontainer/python/devcontainer.json", "{}");
        Write(".devcontainer/devcontainer.json", "{}");
        Directory.CreateSymbolicLink(Path.Combine(_checkout, ".devcontainer/link"), Path.Combine(_checkout, ".devcontainer/go"));
        File.CreateSymbolicLink(Path.Combine(_checkout, ".devcontainer.json"), "/etc/passwd");
        Assert.Equal(
            [".devcontainer/devcontainer.json", ".devcontainer/go/devcontainer.json", ".devcontainer/python/devcontainer.json"],
            DevcontainerFile.All(_checkout));
    }

    [Theory]
    [InlineData("/workspaces/app/backend", "/workspaces/app", "/workspaces/app/backend")]
    [InlineData("/workspaces/app/my app, (ü)", "/workspaces/app", "/workspaces/app/my app, (ü)")]
    [InlineData("/workspace", "/workspace", "/workspace")]
    [InlineData("/./workspace//", "/workspace", "/workspace")]
    [InlineData("//workspaces/app/./backend/", "/workspaces/app", "/workspaces/app/backend")]
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

    private DevcontainerConfiguration Read()
    {
        var checkout = Budgets.Checkout(_checkout);
        var configuration = DevcontainerConfiguration.From(DevcontainerFile.Read(checkout, null), "app");
        checkout.Refusals.ThrowIfAny();
        return configuration;
    }

    private string Fault() => Assert.Throws<FaultException>(Read).Message;
}
