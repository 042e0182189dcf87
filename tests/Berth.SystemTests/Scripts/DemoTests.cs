using Berth.SystemTests.Fixtures.Server;
using Berth.SystemTests.Fixtures.Tools;

namespace Berth.SystemTests.Scripts;

/// <summary>Runs script/demo, and checks that it prints what readers are promised.</summary>
public sealed class DemoTests(SharedServer shared)
{
    [Fact]
    public async Task The_story_of_the_demo_comes_true()
    {
        Requirement.Program("docker");
        Requirement.Program("git");
        Requirement.Program("devcontainer");
        Requirement.That((await new Command("docker").TryAsync(null, "version")).ExitCode == 0, "no container engine answers");
        var demo = new Command(Path.Combine(TestSettings.Root, "script", "demo"))
        {
            Environment =
            {
                ["BERTH_URL"] = shared.Process.Url.GetLeftPart(UriPartial.Authority),
                ["BERTH_TOKEN"] = ServerProcess.AdminToken,
            },
        };

        var story = await demo.RunAsync();

        Assert.Matches("Visibility: +private", story.Text);
        Assert.Contains("[ready] the codespace is available", story.Text, StringComparison.Ordinal);
        Assert.Matches("acme-[0-9a-f]+/other is neither linked to it with inherited access nor on its Codespaces list", story.Text);
        Assert.Contains("That is the whole story", story.Text, StringComparison.Ordinal);
    }
}
