using Berth.SystemTests.Fixtures.Server;
using Berth.SystemTests.Fixtures.Tools;

namespace Berth.SystemTests.Fixtures.Codespaces;

/// <summary>A configuration that <c>devcontainer up</c> starts on the same engine. What it leaves there is removed with it.</summary>
internal sealed class ByHand(string name, WrittenConfiguration written) : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _label = "oracle=" + Accounts.Unique("by-hand");

    private string Checkout => _folder[name];

    private string Project => _label["oracle=".Length..];

    /// <summary>The engine then has the image by its name, so the tools do not ask a registry for it again.</summary>
    public static async Task PullAsync(string image)
    {
        using var folder = new TemporaryFolder();
        var docker = new Command("docker", "--config", folder.Path);
        await docker.RunWithInputAsync(
            ServerProcess.AdminToken, "login", "--username", "admin", "--password-stdin", image.Split('/')[0]);
        await docker.RunAsync("pull", "--quiet", image);
    }

    public async Task<Facts> FactsAsync()
    {
        foreach (var (path, content) in written.Files)
        {
            var file = Path.Combine(_folder.Create(name), path.TrimEnd('!'));
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            await File.WriteAllTextAsync(file, content, TestContext.Current.CancellationToken);
            if (path.EndsWith('!'))
            {
                File.SetUnixFileMode(file, (UnixFileMode)0b111_101_101);
            }
        }

        await new Command("git", "-C", Checkout).RunAsync("init", "--quiet");

        // A person's own files usually belong to the first user of the machine.
        await new Command("chown").RunAsync("--recursive", "1000:1000", Checkout);

        // A container whose lifecycle command failed is there all the same, so the exit code decides nothing.
        var up = await new Command("env", "COMPOSE_PROJECT_NAME=" + Project, "DOCKER_BUILDKIT=0", "devcontainer", "up")
            .TryAsync(null, "--workspace-folder", Checkout, "--id-label", _label, "--buildkit", "never", "--no-lockfile");
        var facts = await new Command("devcontainer", "exec").TryAsync(
            null, "--workspace-folder", Checkout, "--id-label", _label, "sh", "-c", written.Script);
        Assert.True(facts.ExitCode == 0, $"{facts.All}\n\n{up.All}");
        return Facts.Parse(facts.Text);
    }

    public async ValueTask DisposeAsync()
    {
        var docker = new Command("docker");
        var containers = (await docker.RunAsync(
                "ps", "--all", "--quiet", "--filter", "label=" + _label)).Text.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Union((await docker.RunAsync("ps", "--all", "--quiet", "--filter", "label=com.docker.compose.project=" + Project)).Text
                .Split('\n', StringSplitOptions.RemoveEmptyEntries)).ToArray();
        if (containers.Length > 0)
        {
            var images = (await docker.RunAsync(["inspect", "--format", "{{.Config.Image}}", .. containers])).Text
                .Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(image => image.StartsWith("vsc-", StringComparison.Ordinal)
                    || image.StartsWith(Project, StringComparison.Ordinal)).Distinct().ToArray();
            var volumes = (await docker.RunAsync(
                    ["inspect", "--format", "{{range .Mounts}}{{if eq .Type \"volume\"}}{{.Name}} {{end}}{{end}}", .. containers])).Text
                .Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries).Distinct().ToArray();
            await docker.RunAsync(["rm", "--force", "--volumes", .. containers]);
            foreach (var volume in volumes)
            {
                await docker.TryAsync(null, "volume", "rm", "--force", volume);
            }

            if (images.Length > 0)
            {
                await docker.TryAsync(null, ["rmi", "--force", .. images]);
            }
        }

        await docker.TryAsync(null, "network", "rm", Project + "_default");
        _folder.Dispose();
    }
}
