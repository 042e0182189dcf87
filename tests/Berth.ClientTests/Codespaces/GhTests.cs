using System.Text.Json;
using Berth.ClientTests.Server;
using Berth.ClientTests.Tools;

namespace Berth.ClientTests.Codespaces;

/// <summary>GitHub's own command line against codespaces.</summary>
public sealed class GhTests(SharedServer shared)
{
    [Fact]
    public async Task Gh_creates_lists_stops_and_deletes_a_codespace()
    {
        Requirement.Program("gh");
        await using var world = await CodespaceWorld.CreateAsync(shared.Process);
        var image = await world.ImageAsync("dev");
        var repository = await world.RepositoryAsync("app", (".devcontainer.json", $$"""{"image":"{{image}}"}"""));
        await world.GrantAsync("dev", repository);
        using var folder = new TemporaryFolder();
        var gh = new Command("gh", "codespace");
        foreach (var (name, value) in new[]
        {
            ("GH_CONFIG_DIR", folder.Path), ("GH_HOST", world.Server.Host), ("GH_ENTERPRISE_TOKEN", world.Ada.Token),
            ("GITHUB_API_URL", world.Server.Url + "api/v3"), ("GITHUB_SERVER_URL", world.Server.Url.GetLeftPart(UriPartial.Authority)),
        })
        {
            gh.Environment[name] = value;
        }

        var created = (await gh.RunAsync("create", "--repo", repository, "--branch", "main", "--machine", "standardLinux")).Line;
        world.Owns(created);
        (await world.SettledAsync(created)).Is("Available");
        Assert.Equal("Available", await StateAsync(gh, created));
        await gh.RunAsync("stop", "--codespace", created);
        (await world.SettledAsync(created)).Is("Shutdown");
        Assert.Equal("Shutdown", await StateAsync(gh, created));
        await gh.RunAsync("delete", "--codespace", created, "--force");
        Assert.Null(await StateAsync(gh, created));
    }

    private static async Task<string?> StateAsync(Command gh, string name)
    {
        var list = JsonSerializer.Deserialize<JsonElement>((await gh.RunAsync("list", "--json", "name,state")).Text);
        return list.EnumerateArray().Where(codespace => codespace.GetProperty("name").GetString() == name)
            .Select(codespace => codespace.GetProperty("state").GetString()).SingleOrDefault();
    }
}
