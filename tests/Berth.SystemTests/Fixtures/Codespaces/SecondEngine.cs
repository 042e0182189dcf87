using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using Berth.SystemTests.Fixtures.Tools;

namespace Berth.SystemTests.Fixtures.Codespaces;

/// <summary>
/// A container engine of the test's own, beside the one that all tests share: it can be stopped, started again, and lies on whatever disk
/// it is given. It keeps out of the host's firewall, where the other engine's rules are; its containers reach Berth by what Berth opens
/// inside of them.
/// </summary>
internal sealed class SecondEngine : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _data;
    private readonly string _bridge = "bs" + RandomNumberGenerator.GetHexString(8, lowercase: true);
    private Process? _process;

    private SecondEngine(string? data) => _data = data ?? _folder.Create("data");

    public string Setting => "BERTH_DOCKER_HOST=unix://" + SocketPath;

    public string SocketPath => _folder["engine.sock"];

    public Command Docker
    {
        get
        {
            var docker = new Command("docker");
            docker.Environment["DOCKER_HOST"] = "unix://" + SocketPath;
            return docker;
        }
    }

    /// <param name="data">Where it keeps images and containers; null: a folder that goes with it.</param>
    public static async Task<SecondEngine> StartAsync(string? data = null)
    {
        Requirement.Root();
        Requirement.Program("dockerd");
        Requirement.Program("ip");
        var engine = new SecondEngine(data);

        // One of its own: an engine without a bridge takes the other's (docker0) away.
        await new Command("ip").RunAsync("link", "add", engine._bridge, "type", "bridge");
        await new Command("ip").RunAsync("address", "add", $"10.214.{RandomNumberGenerator.GetInt32(256)}.1/24", "dev", engine._bridge);
        await engine.StartAsync();
        return engine;
    }

    public async Task StartAsync()
    {
        var log = _folder["engine.log"];
        await File.WriteAllTextAsync(_folder["none.json"], "{}", TestContext.Current.CancellationToken);
        _process = Process.Start("sh",
        [
            "-c",
            $"exec dockerd --host "
                + $"unix://{SocketPath} --data-root {_data} --exec-root {_folder["run"]} --pidfile {_folder["pid"]} --config-file "
                + $"{_folder["none.json"]} "
                + $"--bridge {_bridge} --iptables=false --ip6tables=false --userland-proxy=false --log-level error >>{log} 2>&1",
        ])!;
        await Patience.UntilAsync(
            async () =>
            {
                Assert.False(
                    _process.HasExited, _process.HasExited ? await File.ReadAllTextAsync(log, TestContext.Current.CancellationToken) : "");
                return (await Docker.TryAsync(null, "version")).ExitCode == 0;
            },
            $"the second engine answers (its log: {log})");
    }

    /// <summary>Ends it as the system does, with SIGTERM: its containers end with it.</summary>
    public async Task StopAsync()
    {
        using (var kill = Process.Start("kill", ["-TERM", _process!.Id.ToString(CultureInfo.InvariantCulture)]))
        {
            await kill.WaitForExitAsync();
        }

        await _process.WaitForExitAsync();
        _process.Dispose();
        _process = null;
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is null)
        {
            await StartAsync();
        }

        foreach (var (list, remove) in new[]
        {
            (new[] { "ps", "--all", "--quiet" }, new[] { "rm", "--force", "--volumes" }),
            (["network", "ls", "--quiet", "--filter", "type=custom"], ["network", "rm"]),
        })
        {
            foreach (var id in (await Docker.TryAsync(null, list)).Text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
            {
                await Docker.TryAsync(null, [.. remove, id]);
            }
        }

        await StopAsync();
        await new Command("ip").TryAsync(null, "link", "delete", _bridge);
        _folder.Dispose();
    }
}
