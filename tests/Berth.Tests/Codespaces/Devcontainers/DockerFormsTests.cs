using Berth.Server.Codespaces.Devcontainers;
using Berth.Server.Codespaces.Isolation;
using Berth.Server.Codespaces.Plans;

namespace Berth.Tests.Codespaces.Devcontainers;

/// <summary>Repositories ask for docker inside in many forms. Each form is read as the one mount that a codespace has for it.</summary>
public sealed class DockerFormsTests : IDisposable
{
    private readonly string _checkout = Directory.CreateTempSubdirectory("berth-docker-").FullName;

    public void Dispose() => Directory.Delete(_checkout, recursive: true);

    [Theory]
    [InlineData(""" "features": {"ghcr.io/devcontainers/features/docker-in-docker:2": {}} """)]
    [InlineData(""" "features": {"ghcr.io/devcontainers/features/docker-in-docker:2.12.0": {"moby": false, "version": "latest"}} """)]
    [InlineData(""" "features": {"ghcr.io/devcontainers/features/docker-in-docker": "latest"} """)]
    [InlineData(""" "features": {"ghcr.io/devcontainers/features/docker-outside-of-docker:1": {}} """)]
    [InlineData(""" "features": {"ghcr.io/devcontainers/features/docker-from-docker:1": {}} """)]
    [InlineData(""" "features": {"mcr.example.test/mirror/features/docker-in-docker:2": {}} """)]
    [InlineData(""" "features": {"docker-in-docker": "latest"} """)]
    [InlineData(""" "features": {"docker-from-docker": {"version": "20.10"}} """)]
    [InlineData(""" "features": {"./features/docker-in-docker": {}} """)]
    [InlineData(""" "mounts": ["source=/var/run/docker.sock,target=/var/run/docker.sock,type=bind"] """)]
    [InlineData(""" "mounts": ["type=bind,src=/var/run/docker.sock,dst=/var/run/docker.sock"] """)]
    [InlineData(""" "mounts": [{"source": "/var/run/docker.sock", "target": "/var/run/docker.sock", "type": "bind"}] """)]
    [InlineData(""" "mounts": ["source=${localEnv:DOCKER_SOCK:/var/run/docker.sock},target=/var/run/docker.sock,type=bind"] """)]
    [InlineData(""" "mounts": ["source=${localEnv:HOME}/.docker/run/docker.sock,target=/var/run/docker.sock,type=bind"] """)]
    [InlineData(""" "mounts": ["source=/run/user/1000/podman/podman.sock,target=/var/run/docker.sock,type=bind"] """)]
    [InlineData(""" "mounts": ["source=/var/run/docker.sock,target=/var/run/docker.sock"] """)]
    [InlineData(""" "runArgs": ["-v", "/var/run/docker.sock:/var/run/docker.sock"] """)]
    [InlineData(""" "runArgs": ["-v=/var/run/docker.sock:/var/run/docker.sock:ro"] """)]
    [InlineData(""" "runArgs": ["--volume=/var/run/docker.sock:/var/run/docker.sock"] """)]
    [InlineData(""" "runArgs": ["--mount", "type=bind,source=/var/run/docker.sock,target=/var/run/docker.sock"] """)]
    [InlineData(""" "runArgs": ["--privileged"] """)]
    [InlineData(""" "privileged": true """)]
    [InlineData(""" "customizations": {"berth": {"docker": true}} """)]
    public void Of_a_configuration(string property)
    {
        Write(".devcontainer/features/docker-in-docker/devcontainer-feature.json", """{"id":"docker-in-docker"}""");
        Write(".devcontainer/devcontainer.json", $$"""{"image":"r.test/a",{{property}} }""");
        var plan = Plan();
        Assert.Empty(plan.Refusals.All);
        Assert.True(plan.WantsDocker);
        Assert.Equal(["Docker  /var/run/docker.sock"], plan.Configuration.Mounts.Select(Shown));
        Assert.DoesNotContain(plan.Remarks, remark => !remark.Contains("privileged", StringComparison.Ordinal)
            && !remark.Contains("its name today", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("volumes: ['/var/run/docker.sock:/var/run/docker.sock']", "/var/run/docker.sock")]
    [InlineData("volumes: ['//var/run/docker.sock:/var/run/docker.sock']", "/var/run/docker.sock")]
    [InlineData("volumes: ['/var/run/docker.sock:/var/run/docker.sock:ro']", "/var/run/docker.sock")]
    [InlineData("volumes: ['/var/run/docker.sock:/var/run/docker-host.sock']", "/var/run/docker-host.sock")]
    [InlineData("volumes: ['${DOCKER_SOCK:-/var/run/docker.sock}:/var/run/docker.sock']", "/var/run/docker.sock")]
    [InlineData("volumes: ['${FROM_FILE}:/var/run/docker.sock']", "/var/run/docker.sock")]
    [InlineData("volumes: [{type: bind, source: /var/run/docker.sock, target: /var/run/docker.sock}]", "/var/run/docker.sock")]
    [InlineData("volumes: [{source: /var/run/docker.sock, target: /tmp/docker.sock, read_only: true}]", "/tmp/docker.sock")]
    [InlineData("volumes: ['~/.docker/run/docker.sock:/var/run/docker.sock']", "/var/run/docker.sock")]
    [InlineData("use_api_socket: true", "/var/run/docker.sock")]
    [InlineData("privileged: true", "/var/run/docker.sock")]
    public void Of_a_service(string line, string place)
    {
        Write(".env", "FROM_FILE=/run/docker.sock\n");
        Write("compose.yml", "services:\n  app:\n    image: r.test/a\n  proxy:\n    image: r.test/b\n    " + line + "\n");
        Write(".devcontainer.json", """{"dockerComposeFile":"compose.yml","service":"app"}""");
        var plan = Plan();
        Assert.Empty(plan.Refusals.All);
        Assert.True(plan.WantsDocker);
        Assert.Equal(["Docker  " + place], Assert.Single(plan.Compose!.Others).Mounts.Select(Shown));
        Assert.Empty(plan.Compose.Main.Mounts);
    }

    [Fact]
    public void A_label_says_it_in_the_same_words_and_starts_no_engine_of_its_own()
    {
        var metadata = ImageMetadata.Of(new Dictionary<string, string>
        {
            [ImageMetadata.Label] = """
                [{"id":"ghcr.io/devcontainers/features/docker-in-docker:2","privileged":true,"entrypoint":"/usr/local/share/docker-init.sh",
                  "mounts":[{"source":"dind","target":"/var/lib/docker","type":"volume"}]},
                 {"id":"r.test/f/a","entrypoint":"/a.sh"}, {"privileged":true,"entrypoint":"/usr/local/share/docker-init.sh"}]
                """,
        });
        var merged = MergedConfiguration.Of(metadata.Entries);
        Assert.Equal(["/var/lib/docker", "/var/run/docker.sock"], merged.Mounts.Select(mount => mount.Target));
        Assert.Equal(["/a.sh"], merged.Entrypoints);

        // A container carries the label, which is read again at the next start.
        Assert.Equal(
            merged.Mounts.Count, MergedConfiguration.Of(ImageMetadata.Of(new Dictionary<string, string>
            {
                [ImageMetadata.Label] = ImageMetadata.Write(metadata.Entries.Select(MergedConfiguration.Honoured)),
            }).Entries).Mounts.Count);
    }

    [Theory]
    [InlineData(""" "mounts": ["source=/var/run/docker.sock,target=/proc/docker.sock,type=bind"] """)]
    [InlineData(""" "mounts": ["source=docker.sock,target=/var/run/docker.sock,type=volume"] """)]
    [InlineData(""" "mounts": ["source=./docker.sock,target=/x,type=bind"] """)]
    [InlineData(""" "mounts": ["source=/run/containerd/containerd.sock,target=/x,type=bind"] """)]
    [InlineData(""" "mounts": ["source=/var/run,target=/host,type=bind"] """)]
    [InlineData(""" "features": {"r.test/f/docker-compose:1": {}} """)]
    [InlineData(""" "runArgs": ["--privileged=false"], "privileged": false """)]
    [InlineData(""" "customizations": {"berth": {"docker": "yes"}} """)]
    [InlineData(""" "privileged": true, "customizations": {"berth": {"docker": false}} """)]
    public void What_asks_for_something_else_does_not(string property)
    {
        Write(".devcontainer.json", $$"""{"image":"r.test/a",{{property}} }""");
        Assert.False(Plan().WantsDocker);
    }

    private static string Shown(PlannedMount mount) => $"{mount.Kind} {mount.Source} {mount.Target}";

    private DevcontainerPlan Plan() => Budgets.Plan(_checkout, "app");

    private void Write(string path, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(_checkout, path))!);
        File.WriteAllText(Path.Combine(_checkout, path), text);
    }
}
