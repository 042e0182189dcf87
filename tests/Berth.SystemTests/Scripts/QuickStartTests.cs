using System.Diagnostics;
using System.Globalization;
using Berth.SystemTests.Fixtures.Tools;
using Berth.Tests.TestServer;

namespace Berth.SystemTests.Scripts;

/// <summary>The first command of the README, and the lines for a first image that it prints.</summary>
public sealed class QuickStartTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public async Task The_lines_that_script_server_prints_push_a_first_image()
    {
        Requirement.Program("docker");
        using var held = new HeldPort();
        var port = held.Number;
        using var server = Process.Start(Info(port))!;
        try
        {
            var lines = await FirstImageAsync(server);
            var shell = new Command("bash", "-e")
            {
                Folder = TestSettings.Root,
                Environment = { ["DOCKER_CONFIG"] = _folder.Create("docker") },
            };
            var pushed = await shell.RunWithInputAsync(string.Join('\n', lines));
            await shell.RunWithInputAsync($"docker rmi localhost:{port}/admin/hello:latest");
            Assert.Matches("latest: digest: sha256:[0-9a-f]{64}", pushed.Text);
        }
        finally
        {
            using var kill = Process.Start("kill", ["-TERM", server.Id.ToString(CultureInfo.InvariantCulture)]);
            await Patience.WithinAsync<int>(
                async token =>
                {
                    await server.WaitForExitAsync(token);
                    return 0;
                },
                () => Task.FromResult("script/server ends"));
        }

        Assert.Equal(0, server.ExitCode);
    }

    public void Dispose() => _folder.Dispose();

    private ProcessStartInfo Info(int port)
    {
        var info = new ProcessStartInfo(Path.Combine(TestSettings.Root, "script", "server"))
        {
            RedirectStandardOutput = true,
            RedirectStandardInput = true,
            UseShellExecute = false,
        };
        info.Environment["BERTH_LISTEN"] = $"localhost:{port}";
        info.Environment["BERTH_DATA"] = _folder["data"];
        info.Environment.Remove("BERTH_URL");
        return info;
    }

    /// <summary>The commands that follow the sentence about a first image.</summary>
    private static async Task<List<string>> FirstImageAsync(Process server)
    {
        List<string> commands = [];
        var found = false;
        while (commands.Count < 3 && await server.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken) is { } line)
        {
            found |= line.StartsWith("A first image", StringComparison.Ordinal);
            if (found && line.StartsWith("  ", StringComparison.Ordinal))
            {
                commands.Add(line.Trim());
            }
        }

        Assert.Equal(3, commands.Count);

        // Read what it logs from now on, so that it never waits for a reader.
        _ = server.StandardOutput.ReadToEndAsync(CancellationToken.None);
        return commands;
    }
}
