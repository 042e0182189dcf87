using Berth.SystemTests.Fixtures.Codespaces;
using Berth.SystemTests.Fixtures.Server;

namespace Berth.SystemTests.Codespaces;

/// <summary>Docker in a codespace works against an engine of the codespace's own, which comes and goes with it.</summary>
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

        // The workspace is at the same path, with the same owners on both sides. Its own registry answers under its own name.
        await Says("ok\n", $"docker pull -q {image} >/dev/null && docker tag {image} dev && echo ok");
        await Says(
            "hello\n0 1000\n",
            "docker run --rm -v $PWD:/w -w /w dev sh -c 'cat file; echo $(id -u) $(stat -c %u file); echo new > new'");
        await Says("0\n1000\n", "stat -c %u new; docker run --rm -u 1000 -v $PWD:/w dev sh -c 'touch /w/mine'; stat -c %u mine");
        await Says("0\n", "docker -H unix:///var/run/docker-host.sock ps -a -q | wc -l");

        // Ports are the container's that people work in.
        await Says(
            "hi\n",
            "docker run -d --name web --restart always -p 8080:80 dev "
            + "sh -c 'mkdir /www; echo hi > /www/index.html; exec httpd -f -p 80 -h /www' >/dev/null; "
            + "for i in 1 2 3 4 5; do wget -qO- http://localhost:8080/ 2>/dev/null && break; sleep 1; done");
        await Says("tmpfs\n", "docker run --rm --privileged dev sh -c 'mkdir /m; mount -t tmpfs none /m; stat -f -c %T /m'");
        await Says("built\n", "DOCKER_BUILDKIT=0 docker build -q -t built image >/dev/null 2>&1 && docker run --rm built");

        (await world.StopAsync(codespace)).Is("Shutdown");
        AssertNothingRuns(codespace);
        (await world.StartAsync(codespace)).Is("Available");
        await Says("hi\n", "for i in 1 2 3 4 5 6 7 8 9; do wget -qO- http://localhost:8080/ 2>/dev/null && break; sleep 1; done");
        await Accounts.PostAsync(world.Api, $"/api/v3/user/codespaces/{codespace}/rebuild", new { });
        (await world.SettledAsync(codespace)).Is("Available");
        await Says("built\n", "docker run --rm built");
        await world.DeleteAsync(codespace);
        AssertNothingRuns(codespace);

        async Task Says(string output, string command) =>
            Assert.True((await world.ExecAsync(codespace, command)).Output is var said && said == output, said);
    }

    private static void AssertNothingRuns(string codespace)
    {
        Assert.DoesNotContain(codespace, File.ReadAllText("/proc/self/mountinfo"), StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateDirectories("/sys/fs/cgroup", "berthdocker*", SearchOption.AllDirectories));
    }
}
