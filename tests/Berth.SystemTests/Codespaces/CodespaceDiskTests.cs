using Berth.SystemTests.Fixtures.Codespaces;
using Berth.SystemTests.Fixtures.Server;
using Berth.SystemTests.Fixtures.Tools;

namespace Berth.SystemTests.Codespaces;

/// <summary>Everything that the containers of a codespace write is on one disk, which is the codespace's own.</summary>
[Trait("Suite", "hostile")]
public sealed class CodespaceDiskTests(SharedServer shared)
{
    private const string Places = "/ /etc/hosts /etc/hostname /etc/resolv.conf /var/own";

    [Fact]
    public async Task Layers_files_of_names_and_volumes_of_images_lie_on_the_codespaces_disk()
    {
        await using var world = await CodespaceWorld.CreateAsync(shared.Process);
        var image = await world.ImageAsync("dev");
        var dockerfile = $"FROM {image}\nUSER root\nRUN mkdir -p /var/own && echo image > /var/own/file\nVOLUME /var/own\n";
        var repository = await world.RepositoryAsync(
            "app",
            (".devcontainer.json", """{"dockerComposeFile":"compose.yml","service":"app","workspaceFolder":"/workspaces/app"}"""),
            ("Dockerfile", dockerfile),
            ("compose.yml", """
                services:
                  app: { build: ., volumes: [".:/workspaces/app"], init: true, command: sleep infinity }
                  db: { build: ., init: true, command: sleep infinity }
                """));
        await world.GrantAsync("dev", repository);
        var started = (await world.CreateAsync(repository)).Is("Available");

        var disk = (await world.ExecAsync(started.Name, "df -Pk /workspaces/app | awk 'NR > 1 { print $2 }'")).Output.Trim();
        foreach (var container in await world.ContainersAsync(started.Name))
        {
            var sizes = await new Command("docker").RunAsync(
                "exec", container, "sh", "-c", $"for p in {Places}; do df -Pk $p | awk 'NR > 1 {{ print $2 }}'; done | sort -u");
            Assert.Equal(disk, sizes.Line);
            var volumes = (await new Command("docker").RunAsync(
                "inspect", "--format", "{{range .Mounts}}{{if eq .Type \"volume\"}}{{.Name}} {{end}}{{end}}", container)).Line;
            Assert.StartsWith($"berth-{started.Name}.", volumes, StringComparison.Ordinal);
            await new Command("docker").RunAsync("exec", "--user", "0", container, "ping", "-c", "1", "-W", "5", "db");
        }

        Assert.Equal(("image\n", 0), await world.ExecAsync(started.Name, "cat /var/own/file"));
        Assert.Equal(("1\n", 0), await world.ExecAsync(started.Name, "grep -c \"$(hostname)\" /etc/hosts"));

        await world.ExecAsync(started.Name, "echo mine > /var/own/file; touch /tmp/kept");
        await world.StopAsync(started.Name);
        (await world.StartAsync(started.Name)).Is("Available");
        Assert.Equal(("mine\n", 0), await world.ExecAsync(started.Name, "test -e /tmp/kept && cat /var/own/file"));

        await Accounts.PostAsync(world.Api, $"/api/v3/user/codespaces/{started.Name}/rebuild", new { });
        (await world.SettledAsync(started.Name)).Is("Available");
        Assert.Equal(("image\n", 0), await world.ExecAsync(started.Name, "! test -e /tmp/kept && cat /var/own/file"));

        await world.DeleteAsync(started.Name);
        await world.UntilDeletedAsync(started.Name);
        var left = await new Command("docker").RunAsync("volume", "ls", "--quiet", "--filter", "label=berth.codespace=" + started.Name);
        Assert.Equal("", left.Line);
        var mounts = await File.ReadAllTextAsync("/proc/self/mountinfo", TestContext.Current.CancellationToken);
        Assert.DoesNotContain($"/{started.Name}/", mounts, StringComparison.Ordinal);
    }
}
