namespace Berth.Tests.Codespaces.Scripted;

/// <summary>A codespace that asks for docker where there is none starts without its socket, and says why.</summary>
public sealed class WithoutDockerTests
{
    [Theory]
    [InlineData("off", "this server has none: BERTH_DOCKER_INSIDE is off. The codespace starts without docker")]
    [InlineData("rootless", "this server has none: ")]
    public async Task The_codespace_starts_all_the_same(string setting, string line)
    {
        // The scripted machine has none of the programs that docker inside needs.
        await using var world = await ScriptedWorld.CreateAsync("BERTH_DOCKER_INSIDE=" + setting);
        world.Sandbox.Files[".devcontainer.json"] = $$"""
            { "image": "{{world.Image}}", "mounts": ["source=/var/run/docker.sock,target=/var/run/docker.sock,type=bind"], "privileged": true }
            """;
        var name = await world.CreateAsync();
        await world.AvailableAsync(name);
        Assert.Contains(line, await world.LogNowAsync(name), StringComparison.Ordinal);
        Assert.DoesNotContain("docker.sock", world.Engine.Bodies["berth-" + name].ToJsonString(), StringComparison.Ordinal);
    }
}
