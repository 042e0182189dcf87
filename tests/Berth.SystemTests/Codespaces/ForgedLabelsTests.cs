using Berth.SystemTests.Fixtures.Codespaces;
using Berth.SystemTests.Fixtures.Server;
using Berth.SystemTests.Fixtures.Tools;

namespace Berth.SystemTests.Codespaces;

/// <summary>Containers and images that claim to belong to a neighbour's codespace, on the real engine.</summary>
[Trait("Suite", "hostile")]
public sealed class ForgedLabelsTests(SharedServer shared)
{
    [Fact]
    public async Task A_neighbours_labels_in_an_image_or_a_Dockerfile_are_refused_and_take_nothing_over()
    {
        await using var world = await CodespaceWorld.CreateAsync(shared.Process);
        var docker = new Command("docker");
        var image = await world.ImageAsync("dev");
        var repository = await world.RepositoryAsync("app", (".devcontainer.json", $$"""{"image":"{{image}}"}"""));
        await world.GrantAsync("dev", repository);
        var hers = (await world.CreateAsync(repository)).Is("Available");
        var container = Assert.Single(await world.ContainersAsync(hers.Name));
        var host = (await docker.RunAsync("inspect", "--format", "{{index .Config.Labels \"berth.host\"}}", container)).Line;
        var labels = new (string Name, string Value)[]
        {
            ("berth.codespace", hers.Name), ("berth.host", host), ("berth.role", "dev"),
        };

        var forged = await world.ImageAsync("forged", labels);
        var his = await world.RepositoryAsync("his", ("README.md", "x"));
        await world.GrantAsync("dev", his);
        await world.GrantAsync("forged", his);
        foreach (var (configuration, dockerfile, reason) in new[]
        {
            ($$"""{"image":"{{forged}}"}""", "", "carries the label berth.codespace: labels that begin with berth. are Berth's own"),
            (Build, $"FROM {forged}\nRUN true\n", "carries the label berth.codespace"),
            (Build, $"FROM {image}\nCOPY --from={forged} /bin/sh /sh\n", "carries the label berth.codespace"),
            (
                Build,
                $"# escape=`\nFROM {image}\nLABEL b`erth.codespace={hers.Name} b`erth.host={host} b`erth.role=dev\nRUN sleep 600\n",
                "Dockerfile line 3: the label b`erth.codespace: labels that begin with berth. are Berth's own"),
        })
        {
            await world.CommitAsync("his", (".devcontainer.json", configuration), ("Dockerfile", dockerfile));
            var refused = (await world.CreateAsync(his)).Is("Failed");
            Assert.Contains(reason, refused.Failure, StringComparison.Ordinal);
            await world.DeleteAsync(refused.Name);
        }

        // Somebody who makes such a container in another way gains nothing. The neighbour starts again, and does not get it.
        var pinned = (await docker.RunAsync("inspect", "--format", "{{.Config.Image}}", container)).Line;
        var stranger = (await docker.RunAsync(
            [
                "run", "--detach", "--init", "--network", "none",
                .. labels.SelectMany(label => new[] { "--label", $"{label.Name}={label.Value}" }), pinned, "sleep", "3600",
            ])).Line;
        try
        {
            (await world.StopAsync(hers.Name)).Is("Shutdown");
            (await world.StartAsync(hers.Name)).Is("Available");
            Assert.StartsWith(container, (await world.ExecAsync(hers.Name, "hostname")).Output.Trim(), StringComparison.Ordinal);
            await world.DeleteAsync(hers.Name);
            Assert.Equal("true", (await docker.RunAsync("inspect", "--format", "{{.State.Running}}", stranger)).Line);
        }
        finally
        {
            await docker.TryAsync(null, "rm", "--force", stranger);
        }
    }

    private const string Build = """{"build":{"dockerfile":"Dockerfile"}}""";
}
