using Berth.SystemTests.Fixtures.Codespaces;

namespace Berth.SystemTests.Codespaces;

/// <summary>
/// What <c>docker run</c> can be asked for, whoever asks: <c>runArgs</c>, a property of devcontainer.json, an image's label, a compose
/// file. Each is asked of the engine itself, where a command in the container shows what it gained, and then through the gate, which says
/// why not.
/// </summary>
[Trait("Suite", "hostile")]
public sealed class HostileFlagsTests(HostileEngine engine) : IClassFixture<HostileEngine>
{
    private const string Mounts = "mounts other than the codespace's own workspace are not allowed";

    [Theory]

    // CVE-2022-0492: with it, release_agent of a control group names a program that the kernel runs on the host.
    [InlineData(
        "CAP_SYS_ADMIN", "--cap-add SYS_ADMIN", "[ $((0x$(sed -n 's/CapEff:.//p' /proc/self/status) & (1 << 21))) != 0 ] && echo HARM",
        "added capabilities are not allowed")]

    // Loads a module into the host's kernel.
    [InlineData(
        "CAP_SYS_MODULE", "--cap-add SYS_MODULE", "[ $((0x$(sed -n 's/CapEff:.//p' /proc/self/status) & (1 << 16))) != 0 ] && echo HARM",
        "added capabilities are not allowed")]

    // open_by_handle_at reads every file of the host's disk, published in 2014 as "shocker".
    [InlineData(
        "CAP_DAC_READ_SEARCH", "--cap-add DAC_READ_SEARCH",
        "[ $((0x$(sed -n 's/CapEff:.//p' /proc/self/status) & (1 << 2))) != 0 ] && echo HARM", "added capabilities are not allowed")]

    // Rewrites the network that the firewall's rules go by.
    [InlineData("CAP_NET_ADMIN", "--cap-add NET_ADMIN", "ip link set lo down && echo HARM", "added capabilities are not allowed")]

    // Together with the host's processes it takes any of them over.
    [InlineData(
        "CAP_SYS_PTRACE", "--cap-add SYS_PTRACE", "[ $((0x$(sed -n 's/CapEff:.//p' /proc/self/status) & (1 << 19))) != 0 ] && echo HARM",
        "added capabilities are not allowed")]

    // Sets the clock of every codespace, and reads of the kernel's log where its addresses are.
    [InlineData(
        "CAP_SYS_TIME and CAP_SYSLOG", "--cap-add SYS_TIME --cap-add SYSLOG",
        "[ $((0x$(sed -n 's/CapEff:.//p' /proc/self/status) & (1 << 25))) != 0 ] && echo HARM", "added capabilities are not allowed")]

    // A disk of the host as a file.
    [InlineData(
        "a device of the host", "--device /dev/null:/dev/stolen", "[ -c /dev/stolen ] && echo HARM", "host devices are not allowed")]

    // mknod is among the engine's own capabilities; only the control group stands between it and the host's disks.
    [InlineData(
        "leave to open any device", "--device-cgroup-rule c~*:*~rwm", "mknod /loop c 10 237 && : < /loop && echo HARM",
        "host devices are not allowed")]

    // The filter keeps unshare, mount, keyctl and bpf from a container; CVE-2022-0185 and CVE-2016-0728 need what it forbids.
    [InlineData(
        "no filter of system calls", "--security-opt seccomp=unconfined", "grep -q 'Seccomp:.*0' /proc/self/status && echo HARM",
        "security options are not allowed")]

    // Writing kernel.core_pattern names a program that the host runs as root at the next crash.
    [InlineData(
        "kernel files that are else hidden", "--security-opt systempaths=unconfined", "[ -w /proc/sys/kernel/core_pattern ] && echo HARM",
        "unmasking kernel files is not allowed")]

    // Sees the arguments and, as root, the environment and files of every process of the host.
    [InlineData("the host's processes", "--pid host", "[ -d /proc/@PID@ ] && echo HARM", "another process namespace is not allowed")]
    [InlineData(
        "a neighbour's processes", "--pid container:@NEIGHBOUR@", "grep -qa 'sl[e]ep 3600' /proc/1/cmdline && echo HARM",
        "another process namespace is not allowed")]

    // Shared memory of databases and browsers of the host.
    [InlineData("the host's shared memory", "--ipc host", "cat /dev/shm/berth-@ID@", "another IPC namespace is not allowed")]
    [InlineData(
        "a neighbour's shared memory", "--ipc container:@NEIGHBOUR@", "cat /dev/shm/private", "another IPC namespace is not allowed")]

    // With CAP_SYS_ADMIN it renames the host; without, it learns who it is.
    [InlineData("the host's name", "--uts host", "[ $(hostname) = @HOST@ ] && echo HARM", "another UTS namespace is not allowed")]

    // CVE-2020-15257: the abstract sockets of containerd's shims, and every service that trusts the loopback.
    [InlineData(
        "the host's network", "--network host", "ls /sys/class/net | grep -q ^br- && echo HARM",
        "foreign networks and the host's are not allowed")]
    [InlineData(
        "a neighbour's network", "--network container:@NEIGHBOUR@", "timeout 5 nc -w 2 127.0.0.1 8080 </dev/null",
        "foreign networks and the host's are not allowed")]
    [InlineData(
        "a place on a neighbour's network", "--network @NEIGHBOUR_NETWORK@", "timeout 5 nc -w 2 @NEIGHBOUR_ADDRESS@ 8080 </dev/null",
        "foreign networks and the host's are not allowed")]

    // Old links carry the environment of the other container: its passwords.
    [InlineData("a link to a neighbour", "--link @NEIGHBOUR@:db", null, "links to other containers are not allowed")]

    // The whole disk, for good.
    [InlineData("the host's files", "--volume /:/host", "cat /host@FOLDER@/secret", Mounts)]
    [InlineData("the host's files by a mount", "--mount type=bind,source=/,target=/host", "cat /host@FOLDER@/secret", Mounts)]
    [InlineData(
        "the host's files by a volume's driver",
        "--mount type=volume,target=/host,volume-opt=type=none,volume-opt=o=bind,volume-opt=device=/", "cat /host@FOLDER@/secret", Mounts)]

    // Who talks to the engine is root on its host; that is docker-outside-of-docker.
    [InlineData(
        "the engine's socket", "--volume /var/run/docker.sock:/var/run/docker.sock", "[ -S /var/run/docker.sock ] && echo HARM", Mounts)]
    [InlineData("kernel settings of the host", "--volume /proc/sys:/host-sys", "[ -w /host-sys/kernel/core_pattern ] && echo HARM", Mounts)]
    [InlineData(
        "control groups of the host", "--volume /sys/fs/cgroup:/host-cgroup",
        "[ -d /host-cgroup/docker ] || [ -d /host-cgroup/pids/docker ] || [ -d /host-cgroup/system.slice ] && echo HARM", Mounts)]
    [InlineData("devices of the host by a mount", "--volume /dev:/host-dev", "[ -e /host-dev/loop-control ] && echo HARM", Mounts)]

    // What is mounted inside appears on the host.
    [InlineData(
        "mounts that spread to the host", "--mount type=bind,source=@FOLDER@/workspace,target=/workspaces/app,bind-propagation=rshared",
        null, Mounts)]

    // Above it are the codespace's own logs and, one more up, its neighbours.
    [InlineData(
        "the folder above the workspace", "--mount type=bind,source=@FOLDER@,target=/workspaces/app", "cat /workspaces/app/secret", Mounts)]
    [InlineData("a neighbour's volume by its name", "--volume @NEIGHBOUR_VOLUME@:/stolen", "cat /stolen/private", Mounts)]
    [InlineData(
        "a neighbour's volume by a mount", "--mount type=volume,source=@NEIGHBOUR_VOLUME@,target=/stolen", "cat /stolen/private", Mounts)]
    [InlineData(
        "all volumes of a neighbour", "--volumes-from @NEIGHBOUR@", "cat /data/private", "mounts of other containers are not allowed")]

    // Memory of the host beside the container's own limit, and a place for programs when the rest is read-only.
    [InlineData("a filesystem in memory", "--tmpfs /t:size=512m,exec", "grep -q ' /t tmpfs' /proc/mounts && echo HARM", Mounts)]
    [InlineData(
        "a kernel setting", "--sysctl kernel.shm_rmid_forced=1", "grep -q 1 /proc/sys/kernel/shm_rmid_forced && echo HARM",
        "kernel settings are not allowed")]

    // A fork bomb that takes the host with it.
    [InlineData(
        "processes without end", "--pids-limit -1",
        "grep -qx max /sys/fs/cgroup/pids/pids.max /sys/fs/cgroup/pids.max 2>/dev/null && echo HARM", "not used by codespaces")]
    [InlineData("memory beyond the machine's", "--memory 512m --memory-swap 4g", "echo HARM", "not used by codespaces")]

    // Somebody else's process is killed in its place.
    [InlineData(
        "protection from the out-of-memory killer", "--oom-score-adj 5 --memory 64m", "grep -qx 5 /proc/self/oom_score_adj && echo HARM",
        "not allowed")]
    [InlineData("limits of its own", "--ulimit core=1:1", "[ \"$(ulimit -c)\" != unlimited ] && echo HARM", "not used by codespaces")]
    [InlineData("shared memory without end", "--shm-size 3g", "df /dev/shm | grep -q 3145728 && echo HARM", "not used by codespaces")]

    // CVE-2018-20699: a range of processors that the engine wrote out took all its memory.
    [InlineData(
        "processors of its choice", "--cpuset-cpus 0", "grep -q 'Cpus_allowed_list:.0$' /proc/self/status && echo HARM",
        "not used by codespaces")]

    // CVE-2022-36109: groups decide what is readable; "docker" is the engine's socket.
    [InlineData("groups", "--group-add 998", "id -G | grep -qw 998 && echo HARM", "additional groups are not allowed")]

    // Berth's own name then leads to somebody who collects tokens.
    [InlineData(
        "names for other addresses", "--add-host registry.acme.test:10.0.0.1", "grep -q registry.acme.test /etc/hosts && echo HARM",
        "entries in the hosts file are not allowed")]
    [InlineData("a name server of its choice", "--dns 10.0.0.1", null, "not used by codespaces")]

    // Other programs on the host read labels: a proxy publishes what carries the right one.
    [InlineData("a label for a proxy", "--label traefik.enable=true", "echo HARM", "the label traefik.enable is not allowed")]
    [InlineData("a neighbour's label", "--label berth.codespace=bob", "echo HARM", "the label berth.codespace is not allowed")]
    [InlineData("a port of the host", "--publish 127.0.0.1::80", "echo HARM", "publishing ports on the host is not allowed")]
    [InlineData("every port of the host", "--publish-all --expose 80", "echo HARM", "publishing ports on the host is not allowed")]

    // Runs on after Berth stopped it, and again after a restart of the host, without a firewall.
    [InlineData("a policy to be restarted", "--restart on-failure:1", "echo HARM", "")]

    // What it prints is kept nowhere, or sent to a server of its choice from the host's network.
    [InlineData("another log driver", "--log-driver none", "echo HARM", "other log drivers are not allowed")]

    // A runtime decides what isolation is.
    [InlineData("another runtime", "--runtime io.containerd.runc.v2", "echo HARM", "other runtimes are not allowed")]
    [InlineData("a control group beside its own", "--cgroup-parent berth-hostile.slice", "echo HARM", "another cgroup is not allowed")]
    [InlineData(
        "the host's control groups", "--cgroupns host", "grep -q docker /proc/self/cgroup && echo HARM",
        "another cgroup namespace is not allowed")]
    [InlineData(
        "the host's users", "--userns host", "grep -q ' 0 .*4294967295' /proc/self/uid_map && echo HARM",
        "another user namespace is not allowed")]
    public async Task A_container_gains_it_from_the_engine_and_not_through_the_gate(
        string what, string flags, string? inside, string reason)
    {
        string[] arguments =
            [
                .. flags.Split(' ').Select(flag => engine.Fill(flag.Replace('~', ' '))), engine.Image, "sh", "-c",
                engine.Fill(inside ?? "true"),
            ];
        if (inside is not null)
        {
            var raw = "raw-" + engine.Own;
            string[] network = flags.Contains("--network", StringComparison.Ordinal) ? [] : ["--network", engine.Network];
            var ran = await engine.Raw.TryAsync(null, ["run", "--name", raw, .. network, .. arguments]);
            await engine.Raw.TryAsync(null, "rm", "--force", "--volumes", raw);
            Assert.True(ran.Text.Contains("HARM", StringComparison.Ordinal), $"{what} does no harm: {ran.All}");
        }

        var before = await engine.ContainersAsync();
        var refused = await engine.Gated.RefusedAsync(["run", .. arguments]);
        Assert.Contains("Berth: ", refused.Error, StringComparison.Ordinal);
        Assert.Contains(reason, refused.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("HARM", refused.Text, StringComparison.Ordinal);
        Assert.Equal(before, await engine.ContainersAsync());
    }

    [Theory]

    // Every capability, every device, no filter: root in such a container is root on the host. Docker-in-docker needs it.
    [InlineData("a privileged container", "create --privileged @IMAGE@ true", "", "privileged mode is not allowed")]

    // A neighbour's files, output, environment and processes are its secrets.
    [InlineData("a process in a neighbour", "exec @NEIGHBOUR@ cat /private", "HARM", "No such container")]
    [InlineData("a privileged process in its own", "exec --privileged @OWN@ id", null, "privileged mode is not allowed")]
    [InlineData("a neighbour's environment", "container inspect @NEIGHBOUR@", "PRIVATE=HARM", "No such container")]
    [InlineData("a neighbour's output", "logs @NEIGHBOUR@", "HARM", "No such container")]
    [InlineData("a neighbour's processes", "top @NEIGHBOUR@", "sleep 3600", "No such container")]
    [InlineData("what a neighbour changed", "diff @NEIGHBOUR@", "/private", "not available to codespaces")]

    // docker cp runs as root on the host: CVE-2018-15664 and CVE-2019-14271 turned it into host code.
    [InlineData("a neighbour's file", "cp @NEIGHBOUR@:/private -", "HARM", "not available to codespaces")]
    [InlineData("its own files through the engine's hands", "cp @OWN@:/etc/passwd -", "root:", "not available to codespaces")]
    [InlineData("a file for a neighbour", "cp /etc/hostname @NEIGHBOUR@:/planted", "", "not available to codespaces")]
    [InlineData("all of a neighbour's files", "export @NEIGHBOUR@", "private", "not available to codespaces")]
    [InlineData(
        "an image of a neighbour's files", "commit @NEIGHBOUR@ hostile.invalid/@ID@/taken:1", "sha256:", "not available to codespaces")]
    [InlineData("another name for a neighbour", "rename @NEIGHBOUR@ taken-@ID@", null, "not available to codespaces")]
    [InlineData("a neighbour's rest", "pause @NEIGHBOUR@", null, "not available to codespaces")]
    [InlineData("its own limits", "update --memory 1g --memory-swap 1g @OWN@", "", "not available to codespaces")]
    [InlineData("a neighbour's ports", "port @NEIGHBOUR@", "", "No such")]
    [InlineData("a neighbour's figures", "stats --no-stream @NEIGHBOUR@", "neighbour", "not available to codespaces")]
    [InlineData("a container that Berth does not start", "create @IMAGE@ true", "", "Conflict")]

    // An image that lies there was authorised for somebody else.
    [InlineData("a neighbour's image", "create @NEIGHBOUR_IMAGE@ true", "", "only the codespace's own image")]
    [InlineData("which images there are", "images", "hostile.invalid/@ID@/private", "No such image")]
    [InlineData("a neighbour's image as a file", "save @NEIGHBOUR_IMAGE@", "manifest.json", "not available to codespaces")]
    [InlineData("how a neighbour's image was made", "history @NEIGHBOUR_IMAGE@", "", "not available to codespaces")]
    [InlineData("what a neighbour's image says", "image inspect @NEIGHBOUR_IMAGE@", "sha256:", "No such image")]

    // The next start of a neighbour would run what lies under its name.
    [InlineData("a neighbour's name for its own image", "tag @IMAGE@ hostile.invalid/@ID@/taken:1", "", "not available to codespaces")]
    [InlineData("an image from a file", "import /dev/null hostile.invalid/@ID@/empty:1", null, "pulling is Berth's part")]
    [InlineData("images from a file (CVE-2014-9356, CVE-2014-6407: paths that lead out)", "load", null, "not available to codespaces")]
    [InlineData("a neighbour's image to be gone", "rmi hostile.invalid/@ID@/doomed:1", "", "not available to codespaces")]
    [InlineData("a registry with the engine's hands", "pull hostile.invalid/@ID@/private:1", null, "pulling is Berth's part")]
    [InlineData("a push with the engine's hands", "push @NEIGHBOUR_IMAGE@", null, "not available to codespaces")]

    // What else lies on the engine, by name.
    [InlineData("which volumes there are", "volume ls", "private-@ID@", "volumes of the engine are not available")]
    [InlineData("where a volume lies", "volume inspect @NEIGHBOUR_VOLUME@", "Mountpoint", "volumes of the engine are not available")]
    [InlineData("which networks there are", "network ls", "private-net-@ID@", "networks of the engine are not available")]
    [InlineData("who is on a network", "network inspect @NEIGHBOUR_NETWORK@", "neighbour-@ID@", "networks of the engine are not available")]
    [InlineData(
        "a place on a neighbour's network", "network connect @NEIGHBOUR_NETWORK@ @OWN@", "", "networks of the engine are not available")]
    [InlineData(
        "a neighbour off its network", "network disconnect @NEIGHBOUR_NETWORK@ @NEIGHBOUR@", null,
        "networks of the engine are not available")]
    [InlineData("what the host is", "info", "Docker Root Dir", "not available to codespaces")]
    [InlineData("what the engine keeps", "system df", "Images", "not available to codespaces")]

    // Everybody's caches and stopped containers at one stroke. Never tried on the engine of this machine.
    [InlineData("everything that is not in use", "system prune --force", null, "not available to codespaces")]
    [InlineData("images that are not in use", "image prune --all --force", null, "not available to codespaces")]
    [InlineData("volumes that are not in use", "volume prune --force", null, "not available")]

    // A plugin runs as root on the host with what it asks for.
    [InlineData("a plugin", "plugin install --grant-all-permissions hostile.invalid/plugin", null, "not available to codespaces")]
    [InlineData("a swarm", "swarm init", null, "not available to codespaces")]
    [InlineData("secrets of a swarm", "secret ls", null, "not available to codespaces")]
    [InlineData("services on other hosts", "service create @IMAGE@", null, "not available to codespaces")]
    public async Task The_engine_does_it_and_the_gate_says_why_not(string what, string call, string? gained, string reason)
    {
        string[] arguments = [.. call.Split(' ').Select(engine.Fill)];
        if (gained is not null)
        {
            var done = await engine.Raw.TryAsync(null, arguments);
            if (call.StartsWith("create ", StringComparison.Ordinal))
            {
                await engine.Raw.TryAsync(null, "rm", "--force", done.Line);
            }

            Assert.True(
                done.ExitCode == 0 && done.Text.Contains(engine.Fill(gained), StringComparison.Ordinal),
                $"{what} does no harm: {done.All}");
        }

        var refused = await engine.Gated.RefusedAsync(arguments);
        Assert.Contains(reason, refused.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("HARM", refused.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Of_events_and_lists_only_its_own_come_through()
    {
        // The client cuts "now" to whole seconds.
        static string At(double seconds) =>
            TimeProvider.System.GetUtcNow().AddSeconds(seconds).ToString("O", System.Globalization.CultureInfo.InvariantCulture);
        var since = At(-1);
        await engine.Raw.RunAsync("kill", "--signal", "CONT", engine.Fill("@NEIGHBOUR@"));
        await engine.Raw.RunAsync("kill", "--signal", "CONT", engine.Fill("@OWN@"));
        string[] events = ["events", "--since", since, "--until", At(0.5)];
        Assert.Contains(engine.Fill("@NEIGHBOUR@"), (await engine.Raw.RunAsync(events)).Text, StringComparison.Ordinal);
        var seen = (await engine.Gated.RunAsync(events)).Text;
        Assert.Contains(engine.Fill("@OWN@"), seen, StringComparison.Ordinal);
        Assert.DoesNotContain(engine.Fill("@NEIGHBOUR@"), seen, StringComparison.Ordinal);
        Assert.Contains(engine.Fill("@NEIGHBOUR@"), (await engine.Raw.RunAsync("ps", "--all")).Text, StringComparison.Ordinal);
        Assert.DoesNotContain(engine.Fill("@NEIGHBOUR@"), (await engine.Gated.RunAsync("ps", "--all")).Text, StringComparison.Ordinal);
    }
}
