using Berth.SystemTests.Fixtures.Codespaces;
using Berth.SystemTests.Fixtures.Server;
using Berth.SystemTests.Fixtures.Tools;

namespace Berth.SystemTests.Codespaces;

/// <summary>The dev container tools are started ahead of what they read, and wait at the engine's gate.</summary>
public sealed class WaitingToolsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Tools_that_read_before_they_ask_the_engine_are_started_again_when_all_is_there()
    {
        await using var server = await ServerProcess.StartAsync(
            "waiting-tools", null, "BERTH_ALLOW_FILE_CLONE=true", "BERTH_DEVCONTAINER_CLI=" + await ImpatientToolsAsync());
        await using var world = await CodespaceWorld.CreateAsync(server);
        var image = await world.ImageAsync("dev");
        var repository = await world.RepositoryAsync(
            "app", (".devcontainer.json", $$"""{ "image": "{{image}}", "postCreateCommand": "echo made > made" }"""));
        await world.GrantAsync("dev", repository);
        var started = (await world.CreateAsync(repository)).Is("Available").Says("nothing to read yet");
        Assert.Equal("made\n", (await world.ExecAsync(started.Name, "cat made")).Output);

        // With the configuration of the start before at hand they need no second try.
        (await world.StopAsync(started.Name)).Is("Shutdown");
        Assert.DoesNotContain("nothing to read yet", (await world.StartAsync(started.Name)).Is("Available").Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_start_that_fails_while_they_wait_ends_them()
    {
        await using var server = await ServerProcess.StartAsync("waiting-tools-fail", null, "BERTH_ALLOW_FILE_CLONE=true");
        await using var world = await CodespaceWorld.CreateAsync(server);
        var repository = await world.RepositoryAsync("app", ("README.md", "nothing else"));
        var failed = (await world.CreateAsync(repository)).Is("Failed").Says("devcontainer.json");
        var arguments = await Task.WhenAll(
            Directory.EnumerateDirectories("/proc").Where(folder => char.IsAsciiDigit(Path.GetFileName(folder)[0])).Select(ArgumentsAsync));
        Assert.Contains(arguments, text => text.Contains("Berth.Server", StringComparison.Ordinal));
        Assert.DoesNotContain(arguments, text => text.Contains("/codespaces/" + failed.Name + "/", StringComparison.Ordinal));
    }

    /// <summary>A copy of the real tools that ends when there is no configuration, before anything else.</summary>
    private async Task<string> ImpatientToolsAsync()
    {
        Requirement.Program("devcontainer");
        var real = (await new Command("sh", "-c").RunAsync("readlink -f \"$(command -v devcontainer)\"")).Text.Trim();
        await new Command("cp", "-r").RunAsync(Path.GetDirectoryName(real)!, _folder["tools"]);
        var program = Path.Combine(_folder["tools"], "impatient.js");
        await File.WriteAllTextAsync(
            program,
            $$"""
            #!/usr/bin/env node
            const fs = require('fs');
            if (fs.readFileSync(process.argv[process.argv.indexOf('--override-config') + 1]).length === 0) {
              console.error(JSON.stringify({ type: 'text', level: 5, text: 'nothing to read yet' }));
              console.log(JSON.stringify({ outcome: 'error', message: 'nothing to read yet' }));
              process.exit(1);
            }
            require('./{{Path.GetFileName(real)}}');
            """,
            TestContext.Current.CancellationToken);
        File.SetUnixFileMode(program, File.GetUnixFileMode(real));
        return program;
    }

    private static async Task<string> ArgumentsAsync(string process)
    {
        try
        {
            return (await File.ReadAllTextAsync(Path.Combine(process, "cmdline"), TestContext.Current.CancellationToken))
                .Replace('\0', ' ');
        }
        catch (IOException)
        {
            // It has ended.
            return "";
        }
    }
}
