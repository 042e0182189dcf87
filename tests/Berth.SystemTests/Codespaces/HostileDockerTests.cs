using Berth.Server.Codespaces.Sandbox;
using Berth.SystemTests.Fixtures.Codespaces;
using Berth.SystemTests.Fixtures.Server;
using Berth.SystemTests.Fixtures.Tools;

namespace Berth.SystemTests.Codespaces;

/// <summary>
/// Anybody who works in a codespace with docker inside commands its engine. What does harm through the host's engine is tried on the
/// codespace's engine, in the same words. A row that begins with an exclamation mark is not tried on the host's engine first, since that
/// would hurt the host.
/// </summary>
[Trait("Suite", "hostile")]
public sealed class HostileDockerTests(HostileEngine engine, HostileDockerTests.Codespace codespace)
    : IClassFixture<HostileEngine>, IClassFixture<HostileDockerTests.Codespace>
{
    [Theory]
    [InlineData("the host's files", "--volume /:/h", "cat /h@FOLDER@/secret")]
    [InlineData("the host's files by a mount", "--mount type=bind,source=/,target=/h", "cat /h@FOLDER@/secret")]
    [InlineData(
        "the host's files by a volume's driver",
        "--mount type=volume,target=/h,volume-opt=type=none,volume-opt=o=bind,volume-opt=device=/", "cat /h@FOLDER@/secret")]
    [InlineData("a folder of the host", "--volume @FOLDER@:/h", "cat /h/secret")]
    [InlineData("accounts of the host", "--volume /etc:/h", "grep -q . /h/shadow && echo HARM")]
    [InlineData("memory that the host shares", "--volume /dev/shm:/h", "cat /h/berth-@ID@")]
    [InlineData("memory by the host's namespace", "--ipc host", "cat /dev/shm/berth-@ID@")]
    [InlineData("the root of the host's first process", "--privileged --pid host", "cat /proc/1/root@FOLDER@/secret")]
    [InlineData("the host's first process", "--privileged --pid host", "nsenter -t 1 -m cat @FOLDER@/secret")]
    [InlineData("processes of the host", "--pid host", "tr '\\0' ' ' </proc/@PID@/cmdline | grep -q Tests && echo HARM")]
    [InlineData("the root of a process of the host", "--privileged --pid host", "cat /proc/@PID@/root@FOLDER@/secret")]
    [InlineData("the end of a process of the host", "--privileged --pid host", "kill -0 @PID@ && echo HARM")]
    [InlineData("the host's devices", "--privileged", "[ -e /dev/loop-control ] && echo HARM")]
    [InlineData("a device by its name", "--device /dev/loop-control", "[ -e /dev/loop-control ] && echo HARM")]
    [InlineData("devices by a mount", "--volume /dev:/h", "[ -e /h/loop-control ] && echo HARM")]
    [InlineData("a device that is made", "--privileged", "mknod /tmp/disk b 7 0 && dd if=/tmp/disk of=/dev/null count=0 && echo HARM")]
    [InlineData("settings of the kernel", "--privileged", "(: >> /proc/sys/kernel/core_pattern) && echo HARM")]
    [InlineData("settings of the kernel by a mount", "--volume /proc/sys:/h", "(: >> /h/kernel/core_pattern) && echo HARM")]
    [InlineData("settings without masks", "--security-opt systempaths=unconfined", "(: >> /proc/sys/kernel/core_pattern) && echo HARM")]
    [InlineData("requests to the kernel", "--privileged", "[ -e /proc/sysrq-trigger ] && (: >> /proc/sysrq-trigger) && echo HARM")]
    [InlineData("settings of devices", "--privileged", "(: >> /sys/kernel/mm/transparent_hugepage/enabled) && echo HARM")]
    [InlineData(
        "the host's control groups", "--privileged",
        "mkdir /m; (mount -t cgroup -o pids none /m || mount -t cgroup2 none /m) && mkdir /m/x@ID@ && rmdir /m/x@ID@ && echo HARM")]
    [InlineData(
        "its own limits", "--privileged",
        "for f in /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory.max; do [ -e $f ] && (: >> $f) && echo HARM; done")]
    [InlineData("the host's programs", "--volume /usr:/h", "touch /h/x@ID@ && rm /h/x@ID@ && echo HARM")]
    [InlineData("a neighbour's volume by its name", "--volume @NEIGHBOUR_VOLUME@:/h", "cat /h/private")]
    [InlineData("a neighbour's files", "--volumes-from @NEIGHBOUR@", "cat /data/private")]
    [InlineData("a neighbour's processes", "--pid container:@NEIGHBOUR@", "ps -o args | grep -q '[n]c -ll' && echo HARM")]
    [InlineData("a neighbour's memory", "--ipc container:@NEIGHBOUR@", "cat /dev/shm/private")]
    [InlineData("a neighbour by its network", "--network @NEIGHBOUR_NETWORK@", "nc -w 3 @NEIGHBOUR@ 8080 </dev/null")]
    [InlineData("a neighbour by its processes' network", "--network container:@NEIGHBOUR@", "nc -w 3 127.0.0.1 8080 </dev/null")]
    [InlineData("a neighbour by the host's network", "--network host", "nc -w 3 @NEIGHBOUR_ADDRESS@ 8080 </dev/null")]
    [InlineData("the host's name", "--uts host", "[ \"$(hostname)\" = @HOST@ ] && echo HARM")]
    [InlineData("!the host's clock", "--privileged", "date -s 2001-01-01 >/dev/null; [ $(date +%Y) = 2001 ] && echo HARM")]
    [InlineData("!the engine's own mounts", "--privileged --pid host", "nsenter -t 1 -m mount -o remount,rw / && echo HARM")]
    [InlineData("!the file of its users", "--volume /etc:/h", "echo 'engine:0:65536' > /h/subuid && echo HARM")]
    [InlineData(
        "!other users by the one program that may", "--privileged --volume /usr:/usr --volume /lib:/lib --volume /lib64:/lib64",
        "newuidmap $$ 0 0 1 2>/dev/null && echo HARM")]
    [InlineData("!users beyond its range", "--volume /workspaces/app:/w", "touch /w/o; chown 70000 /w/o 2>/dev/null && echo HARM")]
    [InlineData("!a device on the workspace", "--privileged --volume /workspaces/app:/w", "mknod /w/disk b 7 0 2>/dev/null && echo HARM")]
    [InlineData("!workspaces beside its own", "--volume /workspaces:/w", "[ \"$(ls /w)\" = app ] || echo HARM")]
    [InlineData("!the server's folders in its environment", "--privileged --pid host", "grep -q codespaces /proc/*/environ && echo HARM")]
    [InlineData("!addresses of the cloud", "--network host", "nc -w 2 169.254.169.254 80 </dev/null && echo HARM")]
    [InlineData("!a network beside the engine's", "--privileged --network host", "ip link set eth0 up 2>/dev/null && echo HARM")]
    public async Task The_hosts_engine_gives_it_and_the_codespaces_own_does_not(string what, string flags, string command)
    {
        if (what[0] != '!')
        {
            string[] network = flags.Contains("--network", StringComparison.Ordinal) ? [] : ["--network", engine.Network];
            var ran = await engine.Raw.TryAsync(
                null, ["run", "--rm", .. network, .. engine.Fill(flags).Split(' '), engine.Image, "sh", "-c", engine.Fill(command)]);

            // Some machines cannot give everything that privileged mode asks for.
            Assert.True(
                ran.Text.Contains("HARM", StringComparison.Ordinal) || ran.Error.Contains("unable to apply caps", StringComparison.Ordinal),
                $"{what} does no harm: {ran.All}");
        }

        var name = await codespace.NameAsync();
        var script = $"({command}) 2>/dev/null; echo DONE".Replace("'", "'\\''", StringComparison.Ordinal);
        var output = (await codespace.World.ExecAsync(name, engine.Fill($"docker run --rm {flags} dev sh -c '{script}'"))).Output;
        Assert.DoesNotContain("HARM", output, StringComparison.Ordinal);
        Assert.True(
            output.Contains("DONE", StringComparison.Ordinal) || output.Contains("Error response from daemon", StringComparison.Ordinal),
            $"{what}: {output}");
    }

    [Fact]
    public async Task It_is_another_engine_than_the_servers_whatever_lies_at_its_socket()
    {
        var name = await codespace.NameAsync();
        var own = (await engine.Raw.RunAsync("info", "--format", "{{.ID}}")).Line;
        const string Ask = "docker info --format '{{.Name}}'; docker ps -a --format '{{.Names}}'; docker info --format '{{.ID}}'";
        var before = (await codespace.World.ExecAsync(name, Ask)).Output;
        Assert.DoesNotContain(own, before, StringComparison.Ordinal);
        Assert.DoesNotContain(engine.Fill("@NEIGHBOUR@"), before, StringComparison.Ordinal);

        // A codespace can change what is at the place of its engine's socket. A link to the server's engine is not followed.
        await codespace.World.ExecAsync(
            name, "docker run --rm -v /var/lib/berth:/b dev sh -c 'rm /b/engine.sock; ln -s /var/run/docker.sock /b/engine.sock'");
        Assert.Equal(before, (await codespace.World.ExecAsync(name, Ask)).Output);
    }

    [Fact]
    public async Task Its_limits_hold_for_all_that_it_runs_and_its_data_is_on_the_codespaces_disk()
    {
        var name = await codespace.NameAsync();
        await codespace.World.ExecAsync(name, "docker run -d --rm --name sleeps dev sleep 987654");
        var group = Assert.Single(Groups(), folder => folder.Contains("pids", StringComparison.Ordinal) || Groups().Length == 1);
        Assert.Equal("4096", (await File.ReadAllTextAsync(Path.Combine(group, "pids.max"), TestContext.Current.CancellationToken)).Trim());
        var processes = await File.ReadAllLinesAsync(Path.Combine(group, "cgroup.procs"), TestContext.Current.CancellationToken);
        var commands = processes.Select(process => (Process: process, Line: CommandLine(process))).ToList();
        var sleeps = Assert.Single(commands, command => command.Line.Contains("sleep 987654", StringComparison.Ordinal)
            && !command.Line.Contains("shim", StringComparison.Ordinal));

        // The container's process runs as a user that the host does not have.
        var users = File.ReadLines($"/proc/{sleeps.Process}/status").First(line => line.StartsWith("Uid:", StringComparison.Ordinal));
        Assert.True(uint.Parse(users.Split('\t')[1]) >= 2_147_483_648, users);
        var folder = Path.Combine(codespace.World.Server.Data, "codespaces", name, "workspace");
        Assert.Equal(
            (await new Command("stat", "--format", "%d").RunAsync(folder)).Line,
            (await new Command("stat", "--format", "%d").RunAsync(Path.Combine(folder, "~docker", "engine", "data"))).Line);
        await codespace.World.ExecAsync(name, "docker kill sleeps");

        static string CommandLine(string process)
        {
            try
            {
                return File.ReadAllText($"/proc/{process}/cmdline").Replace('\0', ' ');
            }
            catch (IOException)
            {
                return "";
            }
        }
    }

    [Fact]
    public async Task What_it_makes_in_the_workspace_gives_no_rights_and_spreads_nowhere()
    {
        var name = await codespace.NameAsync();
        const string Make = "docker run --rm --privileged -v $PWD:/w dev sh -c 'cp /bin/busybox /w/id; chown 0:0 /w/id; chmod 4755 /w/id; "
            + "mkdir -p /w/m; mount -t tmpfs none /w/m; touch /w/m/spread'; stat -c '%u %a' id; ls m; "
            + "grep -c ' /workspaces/app ext4 .*nosuid,nodev' /proc/mounts; ./id -u";
        Assert.Equal("0 4755\n1\n1000\n", (await codespace.World.ExecAsync(name, Make)).Output);
        Assert.DoesNotContain(
            File.ReadLines("/proc/self/mountinfo"), line => line.Contains(name + "/workspace/app/m", StringComparison.Ordinal));
        var spread = await codespace.World.ExecAsync(name, "docker run --rm --privileged -v $PWD:/w:rshared dev true");
        Assert.Contains("is not a shared", spread.Output, StringComparison.Ordinal);
    }

    /// <summary>The control groups of this server's codespaces. Another server on this machine has its own.</summary>
    private string[] Groups() => Directory.GetDirectories(
        "/sys/fs/cgroup",
        ControlGroups.Prefix("docker", File.ReadAllText(Path.Combine(codespace.World.Server.Data, "codespaces-host")).Trim()) + "*",
        new EnumerationOptions { RecurseSubdirectories = true, MaxRecursionDepth = 1 });

    /// <summary>A codespace with docker inside, whose engine has an image.</summary>
    public sealed class Codespace(SharedServer shared) : IAsyncLifetime
    {
        private CodespaceWorld? _world;
        private string? _name;

        internal CodespaceWorld World => _world!;

        public async ValueTask InitializeAsync()
        {
            DockerClient.Require();
            _world = await CodespaceWorld.CreateAsync(shared.Process);
        }

        public async ValueTask DisposeAsync() => await (_world?.DisposeAsync() ?? ValueTask.CompletedTask);

        internal async Task<string> NameAsync()
        {
            if (_name is null)
            {
                var image = await DockerClient.ImageAsync(World, "dev");
                var repository = await World.RepositoryAsync(
                    "app", (".devcontainer.json", $$"""
                        { "image": "{{image}}", "remoteUser": "dev", "customizations": {"berth": {"docker": true} } }
                        """));
                await World.GrantAsync("dev", repository);
                _name = (await World.CreateAsync(repository)).Is("Available").Name;
                var pull = $"docker pull -q {image} >/dev/null && docker tag {image} dev && echo ok";
                Assert.Equal("ok\n", (await World.ExecAsync(_name, pull)).Output);
            }

            return _name;
        }
    }
}
