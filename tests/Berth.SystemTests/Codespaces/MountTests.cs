using Berth.SystemTests.Fixtures.Codespaces;
using Berth.SystemTests.Fixtures.Server;

namespace Berth.SystemTests.Codespaces;

/// <summary>What <c>mounts</c> and <c>runArgs</c> give, on the real engine.</summary>
public sealed class MountTests(SharedServer shared)
{
    [Fact]
    public async Task Volumes_memory_and_parts_of_the_repository_are_mounted_and_arguments_count()
    {
        await using var world = await CodespaceWorld.CreateAsync(shared.Process);
        var image = await world.ImageAsync("dev");
        var repository = await world.RepositoryAsync(
            "app",
            (".devcontainer/devcontainer.json", $$"""
                {
                  "image": "{{image}}",
                  "mounts": [
                    "source=cache-${devcontainerId},target=/cache,type=volume",
                    "source=${localWorkspaceFolder}/config,target=/etc/app,type=bind",
                    {"type": "bind", "source": "${localWorkspaceFolder}/config/one", "target": "/one", "readonly": "true"},
                    "source=${localWorkspaceFolder}/gone,target=/gone,type=bind",
                    "source=modules,target=${containerWorkspaceFolder}/node_modules,type=volume"
                  ],
                  "runArgs": [
                    "--shm-size=96m", "--ulimit", "nofile=2000", "--tmpfs=/t:size=1m", "--hostname", "box", "-e", "A=b c", "--cap-add=SYS_PTRACE",
                    "--add-host=api.test:127.0.0.1", "--init", "--name=my-app"
                  ]
                }
                """),
            ("config/one", "1\n"));
        await world.GrantAsync("dev", repository);
        var started = (await world.CreateAsync(repository)).Is("Available").Says("the repository has no gone, so an empty folder");
        const string Seen = "cat /one /etc/app/one; df -k /dev/shm | tail -1 | awk '{print $2}'; ulimit -n; hostname; echo $A; "
            + "echo $((0x$(sed -n 's/CapBnd:.//p' /proc/self/status) >> 19 & 1)); grep -c api.test /etc/hosts; grep -c ' /t tmpfs' "
            + "/proc/mounts";
        Assert.Equal("1\n1\n98304\n2000\nbox\nb c\n1\n1\n1\n", (await world.ExecAsync(started.Name, Seen)).Output);

        // Each side sees the other's changes. What is read-only cannot be written.
        Assert.Equal(
            "2\n2\nno\n",
            (await world.ExecAsync(
                started.Name, "echo 2 > /etc/app/two; cat config/two; echo 2 > config/one; cat /one; "
                    + "(echo 3 > /one) 2>/dev/null || echo no"))
            .Output);
        await world.ExecAsync(started.Name, "echo kept > /cache/x; echo kept > node_modules/y");
        (await world.StopAsync(started.Name)).Is("Shutdown");
        (await world.StartAsync(started.Name)).Is("Available");
        Assert.Equal("kept\nkept\n2\n", (await world.ExecAsync(started.Name, "cat /cache/x node_modules/y /one")).Output);
        await Accounts.PostAsync(world.Api, $"/api/v3/user/codespaces/{started.Name}/rebuild", new { });
        (await world.SettledAsync(started.Name)).Is("Available");
        Assert.Equal("kept\nkept\n2\n", (await world.ExecAsync(started.Name, "cat /cache/x node_modules/y /etc/app/two")).Output);

        await world.DeleteAsync(started.Name);
        Assert.DoesNotContain(
            started.Name, await File.ReadAllTextAsync("/proc/self/mountinfo", TestContext.Current.CancellationToken),
            StringComparison.Ordinal);
    }

    /// <summary>The engine mounts by path, and a program inside can let the path lead anywhere between two starts.</summary>
    [Trait("Suite", "hostile")]
    [Fact]
    public async Task A_part_that_was_exchanged_for_a_link_leads_nowhere()
    {
        await using var world = await CodespaceWorld.CreateAsync(shared.Process);
        var image = await world.ImageAsync("dev");
        var repository = await world.RepositoryAsync(
            "app",
            (".devcontainer.json", $$"""
                {
                  "image": "{{image}}",
                  "mounts": [
                    "source=${localWorkspaceFolder}/part,target=/part,type=bind", "source=${localWorkspaceFolder}/deep/part,target=/deep,type=bind"
                  ]
                }
                """),
            ("part/x", "x"), ("deep/part/x", "x"));
        await world.GrantAsync("dev", repository);
        var started = (await world.CreateAsync(repository)).Is("Available");
        await world.ExecAsync(started.Name, "mv part was && ln -s /etc part && mv deep was-deep && ln -s / deep");
        (await world.StopAsync(started.Name)).Is("Shutdown");
        (await world.StartAsync(started.Name)).Is("Available").Says("an empty folder is mounted in its place");
        Assert.Equal("0\n0\n", (await world.ExecAsync(started.Name, "ls /part | wc -l; ls /deep | wc -l")).Output);
    }
}
