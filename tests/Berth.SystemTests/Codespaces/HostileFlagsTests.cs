using System.Reflection;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Berth.SystemTests.Fixtures.Codespaces;
using Berth.SystemTests.Fixtures.Server;

namespace Berth.SystemTests.Codespaces;

/// <summary>
/// What <c>docker run</c> can be asked for. The engine itself is asked for each flag, and a command in the container shows what it gained.
/// A codespace whose configuration and image ask for all of it gains nothing.
/// </summary>
[Trait("Suite", "hostile")]
public sealed partial class HostileFlagsTests(HostileEngine engine, HostileFlagsTests.Codespace codespace)
    : IClassFixture<HostileEngine>, IClassFixture<HostileFlagsTests.Codespace>
{
    [Theory]

    // CVE-2022-0492: with this capability, release_agent of a control group names a program that the kernel runs on the host.
    [InlineData(
        "CAP_SYS_ADMIN", "--cap-add SYS_ADMIN",
        "[ $((0x$(sed -n 's/CapEff:.//p' /proc/self/status) & (1 << 21))) != 0 ] && echo HARM")]

    // This capability loads a module into the host's kernel.
    [InlineData(
        "CAP_SYS_MODULE", "--cap-add SYS_MODULE",
        "[ $((0x$(sed -n 's/CapEff:.//p' /proc/self/status) & (1 << 16))) != 0 ] && echo HARM")]

    // With it open_by_handle_at reads every file of the host's disk, which was published in 2014 as "shocker".
    [InlineData(
        "CAP_DAC_READ_SEARCH", "--cap-add DAC_READ_SEARCH",
        "[ $((0x$(sed -n 's/CapEff:.//p' /proc/self/status) & (1 << 2))) != 0 ] && echo HARM")]

    // This capability changes the network that the firewall's rules are about.
    [InlineData("CAP_NET_ADMIN", "--cap-add NET_ADMIN", "ip link set lo down && echo HARM")]

    // These capabilities set the clock of every codespace, and read from the kernel's log where its addresses are.
    [InlineData(
        "CAP_SYS_TIME and CAP_SYSLOG", "--cap-add SYS_TIME --cap-add SYSLOG",
        "[ $((0x$(sed -n 's/CapEff:.//p' /proc/self/status) & (1 << 25))) != 0 ] && echo HARM")]

    // The device could be a disk of the host, as a file.
    [InlineData("a device of the host", "--device /dev/null:/dev/stolen", "[ -c /dev/stolen ] && echo HARM")]

    // mknod is among the engine's own capabilities. Only the control group keeps it from the host's disks.
    [InlineData("leave to open any device", "--device-cgroup-rule c~*:*~rwm", "mknod /loop c 10 237 && : < /loop && echo HARM")]

    // The filter keeps unshare, mount, keyctl and bpf from a container. CVE-2022-0185 and CVE-2016-0728 need what it forbids.
    [InlineData("no filter of system calls", "--security-opt seccomp=unconfined", "grep -q 'Seccomp:.*0' /proc/self/status && echo HARM")]

    // A program that writes kernel.core_pattern names another one, which the host runs as root at the next crash.
    [InlineData(
        "kernel files that are else hidden", "--security-opt systempaths=unconfined",
        "grep -q ' /proc/sys ro' /proc/self/mountinfo || echo HARM")]

    // The container sees the arguments and, as root, the environment and files of every process of the host.
    [InlineData("the host's processes", "--pid host", "[ -d /proc/@PID@ ] && echo HARM")]
    [InlineData("a neighbour's processes", "--pid container:@NEIGHBOUR@", "grep -qa 'sl[e]ep 3600' /proc/1/cmdline && echo HARM")]

    // The container gets the shared memory of the host's databases and browsers.
    [InlineData("the host's shared memory", "--ipc host", "cat /dev/shm/berth-@ID@")]
    [InlineData("a neighbour's shared memory", "--ipc container:@NEIGHBOUR@", "cat /dev/shm/private")]

    // With CAP_SYS_ADMIN the container renames the host. Without, it learns the host's name.
    [InlineData("the host's name", "--uts host", "[ $(hostname) = @HOST@ ] && echo HARM")]

    // The host's network has the abstract sockets of containerd's shims (CVE-2020-15257), and every service that trusts the loopback.
    [InlineData("the host's network", "--network host", "ls /sys/class/net | grep -q ^br- && echo HARM")]
    [InlineData("a neighbour's network", "--network container:@NEIGHBOUR@", "timeout 5 nc -w 2 127.0.0.1 8080 </dev/null")]
    [InlineData(
        "a place on a neighbour's network", "--network @NEIGHBOUR_NETWORK@",
        "timeout 5 nc -w 2 @NEIGHBOUR_ADDRESS@ 8080 </dev/null")]

    // An old link carries the environment of the other container, and so its passwords.
    [InlineData("a link to a neighbour", "--link @NEIGHBOUR@:db", null)]

    // The container gets the whole disk, permanently.
    [InlineData("the host's files", "--volume /:/host", "cat /host@FOLDER@/secret")]
    [InlineData("the host's files by a mount", "--mount type=bind,source=/,target=/host", "cat /host@FOLDER@/secret")]
    [InlineData(
        "the host's files by a volume's driver",
        "--mount type=volume,target=/host,volume-opt=type=none,volume-opt=o=bind,volume-opt=device=/",
        "cat /host@FOLDER@/secret")]

    // A program that talks to the engine is root on its host. This is docker-outside-of-docker.
    [InlineData("the engine's socket", "--volume /var/run/docker.sock:/var/run/docker.sock", "[ -S /var/run/docker.sock ] && echo HARM")]
    [InlineData("kernel settings of the host", "--volume /proc/sys:/host-sys", "[ -w /host-sys/kernel/core_pattern ] && echo HARM")]
    [InlineData(
        "control groups of the host", "--volume /sys/fs/cgroup:/host-cgroup",
        "[ -d /host-cgroup/docker ] || [ -d /host-cgroup/pids/docker ] || [ -d /host-cgroup/system.slice ] && echo HARM")]
    [InlineData("devices of the host by a mount", "--volume /dev:/host-dev", "[ -e /host-dev/loop-control ] && echo HARM")]

    // A mount that is made inside appears on the host.
    [InlineData(
        "mounts that spread to the host", "--mount type=bind,source=@FOLDER@/workspace,target=/workspaces/app,bind-propagation=rshared",
        null)]

    // The folder above the workspace has the codespace's own logs. One folder higher are its neighbours.
    [InlineData("the folder above the workspace", "--mount type=bind,source=@FOLDER@,target=/workspaces/app", "cat /workspaces/app/secret")]
    [InlineData("a neighbour's volume by its name", "--volume @NEIGHBOUR_VOLUME@:/stolen", "cat /stolen/private")]
    [InlineData("a neighbour's volume by a mount", "--mount type=volume,source=@NEIGHBOUR_VOLUME@,target=/stolen", "cat /stolen/private")]
    [InlineData("all volumes of a neighbour", "--volumes-from @NEIGHBOUR@", "cat /data/private")]

    [InlineData("a kernel setting", "--sysctl kernel.shm_rmid_forced=1", "grep -q 1 /proc/sys/kernel/shm_rmid_forced && echo HARM")]

    // A fork bomb takes the host with it.
    [InlineData(
        "processes without end", "--pids-limit -1",
        "grep -qx max /sys/fs/cgroup/pids/pids.max /sys/fs/cgroup/pids.max 2>/dev/null && echo HARM")]
    // Another process is killed in its place.
    [InlineData(
        "protection from the out-of-memory killer", "--oom-score-adj 5",
        "grep -qx 5 /proc/self/oom_score_adj && echo HARM")]
    // CVE-2018-20699: the engine wrote out a range of processors, which took all its memory.
    [InlineData("processors of its choice", "--cpuset-cpus 0", "grep -q 'Cpus_allowed_list:.0$' /proc/self/status && echo HARM")]

    // Groups decide what is readable (CVE-2022-36109). The group docker can use the engine's socket.
    [InlineData("groups", "--group-add 998", "id -G | grep -qw 998 && echo HARM")]

    // Berth's own name would then lead to somebody who collects tokens.
    [InlineData(
        "names for other addresses", "--add-host registry.acme.test:10.0.0.1",
        "grep -q registry.acme.test /etc/hosts && echo HARM")]
    [InlineData("a name server of its choice", "--dns 10.0.0.1", null)]

    // Other programs on the host read labels. A proxy publishes a container with the right one.
    [InlineData("a label for a proxy", "--label traefik.enable=true", null)]
    [InlineData("a neighbour's label", "--label berth.codespace=bob", null)]
    [InlineData("a port of the host", "--publish 127.0.0.1::80", null)]
    [InlineData("every port of the host", "--publish-all --expose 80", null)]

    // The container runs on after Berth stopped it, and again after a restart of the host, without a firewall.
    [InlineData("a policy to be restarted", "--restart on-failure:1", null)]

    // The container's output is kept nowhere, or is sent from the host's network to a server of its choice.
    [InlineData("another log driver", "--log-driver none", null)]

    // The runtime decides what isolation means.
    [InlineData("another runtime", "--runtime io.containerd.runc.v2", null)]
    [InlineData("a control group beside its own", "--cgroup-parent berth-hostile.slice", null)]
    [InlineData("the host's control groups", "--cgroupns host", null)]
    [InlineData("the host's users", "--userns host", null)]
    public async Task A_container_gains_it_from_the_engine_and_a_codespace_does_not(string what, string flags, string? inside)
    {
        if (inside is not null)
        {
            var raw = "raw-" + engine.Own;
            string[] network = flags.Contains("--network", StringComparison.Ordinal) ? [] : ["--network", engine.Network];
            var ran = await engine.Raw.TryAsync(
                null, ["run", "--name", raw, .. network, .. Words(flags, engine), engine.Image, "sh", "-c", engine.Fill(inside)]);
            await engine.Raw.TryAsync(null, "rm", "--force", "--volumes", raw);
            Assert.True(ran.Text.Contains("HARM", StringComparison.Ordinal), $"{what} does no harm: {ran.All}");
        }

        var name = await codespace.NameAsync(engine);
        var gained = await codespace.World.ExecAsync(name, engine.Fill(inside ?? "true"));
        Assert.DoesNotContain("HARM", gained.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_container_is_an_innocent_ones_to_the_last_field()
    {
        var hostile = await InspectAsync(await codespace.NameAsync(engine));
        var innocent = await InspectAsync(await codespace.InnocentAsync());
        Assert.Equal(innocent, hostile);
    }

    [Fact]
    public async Task No_process_of_a_codespace_has_a_way_to_the_engine()
    {
        var found = await codespace.World.ExecAsync(
            await codespace.NameAsync(engine), "ls /var/run/docker.sock /run/docker.sock 2>/dev/null; cat /proc/net/unix | grep -c docker");
        Assert.Equal("0\n", found.Output);
    }

    /// <summary>What the engine was asked for, with names replaced.</summary>
    private async Task<string> InspectAsync(string name)
    {
        var container = Assert.Single(await codespace.World.ContainersAsync(name));
        var made = JsonNode.Parse((await engine.Raw.RunAsync("inspect", container)).Text)![0]!;

        // Every volume, whatever its name, is a folder of the codespace's own disk.
        var mounts = made["HostConfig"]!["Mounts"]!.AsArray();
        mounts.RemoveAll(mount => ((string)mount!["Source"]!).StartsWith($"berth-{name}.", StringComparison.Ordinal));
        made["Config"]!["Hostname"] = "";
        made["Config"]!["Labels"]!["devcontainer.metadata"] = "";
        made["Config"]!["Labels"]!["berth.start"] = "";
        made["Config"]!["Labels"]!["test.unique"] = "";
        return Digests().Replace($"{made["HostConfig"]} {made["Config"]}", "DIGEST")
            .Replace(name, "NAME", StringComparison.Ordinal)
            .Replace(codespace.RepositoryOf(name), "REPOSITORY", StringComparison.Ordinal);
    }

    private static IEnumerable<string> Words(string flags, HostileEngine engine) =>
        flags.Split(' ').Select(flag => engine.Fill(flag.Replace('~', ' ')));

    [GeneratedRegex("sha256:[0-9a-f]{64}", RegexOptions.NonBacktracking)]
    private static partial Regex Digests();

    /// <summary>A codespace that asks for everything, and one that asks for nothing.</summary>
    public sealed class Codespace(SharedServer shared) : IAsyncLifetime
    {
        private const string Label =
            """[{"privileged":true,"capAdd":["ALL"],"securityOpt":["seccomp=unconfined"],"mounts":["source=/,target=/host,type=bind"]}]""";

        private CodespaceWorld? _world;
        private string? _hostile;
        private string? _innocent;

        internal CodespaceWorld World => _world!;

        public async ValueTask InitializeAsync() => _world = await CodespaceWorld.CreateAsync(shared.Process);

        public async ValueTask DisposeAsync() => await (_world?.DisposeAsync() ?? ValueTask.CompletedTask);

        internal string RepositoryOf(string name) => name == _hostile ? "hostile" : "innocent";

        internal async Task<string> NameAsync(HostileEngine engine) => _hostile ??= await StartAsync(
            "hostile",
            $$"""
            "runArgs": {{new JsonArray([.. AllFlags().SelectMany(flags => Words(flags, engine)).Select(word => (JsonNode?)word)]).ToJsonString()}},
            "privileged": true, "capAdd": ["ALL"], "securityOpt": ["seccomp=unconfined"], "customizations": {"berth": {"docker": false} },
            "mounts": ["source=/var/run/docker.sock,target=/var/run/docker.sock,type=bind", {"type":"bind","source":"/","target":"/host"}]
            """,
            Label);

        internal async Task<string> InnocentAsync() => _innocent ??= await StartAsync("innocent", "\"name\": \"x\"", "[]");

        private async Task<string> StartAsync(string repository, string fields, string label)
        {
            var image = await World.ImageAsync("dev-" + repository, ("devcontainer.metadata", label));
            var name = await World.RepositoryAsync(repository, (".devcontainer.json", $$"""{ "image": "{{image}}", {{fields}} }"""));
            await World.GrantAsync("dev-" + repository, name);
            return (await World.CreateAsync(name)).Is("Available").Name;
        }

        private static IEnumerable<string> AllFlags() => typeof(HostileFlagsTests)
            .GetMethod(nameof(A_container_gains_it_from_the_engine_and_a_codespace_does_not))!
            .GetCustomAttributes<InlineDataAttribute>()
            .Select(row => (string)row.Data[1]!);
    }
}
