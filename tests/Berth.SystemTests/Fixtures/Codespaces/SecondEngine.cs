using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using Berth.SystemTests.Fixtures.Tools;

namespace Berth.SystemTests.Fixtures.Codespaces;

/// <summary>
/// The test's own container engine, beside the one that all tests share. It can be stopped and started again, and its data can be on any
/// disk. It stays out of the host's firewall, where the other engine's rules are. Its containers reach Berth by what Berth opens inside of
/// them. However the engine or the test ends, even by SIGKILL, nothing of it stays, and the other engine has its bridge.
/// </summary>
internal sealed class SecondEngine : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _data;
    private readonly string[] _enter;
    private readonly string _bridge = "bs" + RandomNumberGenerator.GetHexString(8, lowercase: true);
    private Process? _process;
    private bool _isGone;

    /// <summary>
    /// Runs the engine. Ends it when told to, or when the process at the other end of its input is gone. In the second case it removes what
    /// the test would have removed. An engine can take the other's bridge (docker0) away, so it is put back.
    /// </summary>
    private const string Keeper = """
        exec 2>/dev/null
        folder=$1 data=$2 bridge=$3
        address=$(ip -o -4 address show dev docker0 2>/dev/null | awk '{ print $4 }')
        dockerd --host "unix://$folder/engine.sock" --data-root "$data" --exec-root "$folder/run" --pidfile "$folder/pid" \
          --config-file "$folder/none.json" --bridge "$bridge" --iptables=false --ip6tables=false --userland-proxy=false \
          --log-level error >>"$folder/engine.log" 2>&1 </dev/null &
        engine=$!
        told=
        trap 'told=1; kill -TERM $engine 2>/dev/null' TERM
        exec 3<&0
        (trap '' TERM; read -r _ <&3; touch "$folder/alone"; kill -TERM $engine && sleep 15 && kill -KILL $engine) 2>/dev/null &
        watch=$!
        while kill -0 $engine 2>/dev/null; do wait $engine; status=$?; done
        if [ -n "$address" ] && ! ip link show docker0 >/dev/null 2>&1; then
          ip link add docker0 type bridge && ip address add "$address" dev docker0 && ip link set docker0 up
        fi
        # Killed by somebody: what is left goes when the test does.
        while [ "$status" = 137 ] && [ -z "$told" ] && kill -0 $watch 2>/dev/null; do wait $watch; done
        kill -KILL $watch 2>/dev/null
        if [ -e "$folder/alone" ]; then
          for shim in $(grep -l --null-data --fixed-strings "$folder/run" /proc/[0-9]*/cmdline 2>/dev/null | cut -d / -f 3); do
            [ "$shim" = $$ ] || kill -KILL $(cat /proc/$shim/task/$shim/children 2>/dev/null) $shim 2>/dev/null
          done
          ip link delete "$bridge"
          awk -v at="$folder/" 'index($2, at) == 1 { print $2 }' /proc/self/mounts | sort -r | xargs --no-run-if-empty umount --lazy
          rm -rf "$folder"
        fi
        exit $status
        """;

    private SecondEngine(string? data, string[] enter) => (_data, _enter) = (data ?? _folder.Create("data"), enter);

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

    /// <param name="data">The folder for images and containers. Null: a folder that is deleted with the engine.</param>
    /// <param name="enter">The command that starts it in a namespace of the test's own.</param>
    public static async Task<SecondEngine> StartAsync(string? data = null, string[]? enter = null)
    {
        Requirement.Root();
        Requirement.Program("dockerd");
        Requirement.Program("ip");
        var engine = new SecondEngine(data, enter ?? []);

        // The engine gets its own bridge, because an engine without one takes the other's (docker0) away.
        await new Command("ip").RunAsync("link", "add", engine._bridge, "type", "bridge");
        await new Command("ip").RunAsync("address", "add", $"10.214.{RandomNumberGenerator.GetInt32(256)}.1/24", "dev", engine._bridge);
        await engine.StartAsync();
        return engine;
    }

    public async Task StartAsync()
    {
        var log = _folder["engine.log"];
        await File.WriteAllTextAsync(_folder["none.json"], "{}", TestContext.Current.CancellationToken);
        string[] program = [.. _enter, "bash", "-c", Keeper, "keeper", _folder.Path, _data, _bridge];
        _process = Process.Start(new ProcessStartInfo(program[0], program[1..])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
        })!;
        await Patience.UntilAsync(
            async () =>
            {
                Assert.False(
                    _process.HasExited, _process.HasExited ? await File.ReadAllTextAsync(log, TestContext.Current.CancellationToken) : "");
                return (await Docker.TryAsync(null, "version")).ExitCode == 0;
            },
            $"the second engine answers (its log: {log})");
    }

    /// <summary>Ends the engine as the system does, with SIGTERM. Its containers end with it.</summary>
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

    /// <summary>Ends the engine as if it and the test were killed.</summary>
    /// <returns>The bridge that it had.</returns>
    public async Task<string> AbandonAsync()
    {
        var number = (await File.ReadAllTextAsync(_folder["pid"], TestContext.Current.CancellationToken)).Trim();
        await new Command("kill").RunAsync("-KILL", number);
        _process!.StandardInput.Close();
        await _process.WaitForExitAsync(TestContext.Current.CancellationToken);
        _process.Dispose();
        _process = null;
        _isGone = true;
        return _bridge;
    }

    public async ValueTask DisposeAsync()
    {
        if (_isGone)
        {
            return;
        }

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
            var ids = (await Docker.TryAsync(null, list)).Text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
            if (ids.Length > 0)
            {
                await Docker.TryAsync(null, [.. remove, .. ids]);
            }
        }

        await StopAsync();
        await new Command("ip").TryAsync(null, "link", "delete", _bridge);
        _folder.Dispose();
    }
}
