using System.Text.Json.Nodes;
using Berth.Tests.Codespaces.Scripted;

namespace Berth.Tests.Codespaces.Isolation;

/// <summary>
/// What must not reach the engine, in each form that can ask for it: a property of devcontainer.json, an image's label, arguments of
/// <c>docker run</c>. The container is the one that an innocent configuration gets.
/// </summary>
[Trait("Suite", "hostile")]
public sealed class HostilePlanTests(ScriptedServer shared) : IClassFixture<ScriptedServer>
{
    private const string Foreign = "4444444444444444444444444444444444444444444444444444444444444444";

    private ScriptedWorld World => shared.World;

    [Theory]

    // Root in a privileged container is root on the host. In CVE-2014-6408 such options came with an image. The rows with other spellings
    // are there because an engine reads keys in any case and takes the last of two, and so can see what a filter before it did not.
    [InlineData("privileged mode", """ "HostConfig":{"Privileged":true} """)]
    [InlineData("keys are read without regard to case by the engine", """ "HostConfig":{"privileged":true} """)]
    [InlineData("the whole section in another case", """ "hostconfig":{"Privileged":true} """)]
    [InlineData("a repeated section", """ "HostConfig":{},"HostConfig":{"Privileged":true} """)]
    [InlineData("a repeated field", """ "HostConfig":{"Privileged":false,"Privileged":true} """)]
    [InlineData("an escaped key that repeats another", """ "HostConfig":{"Privileged":false,"Privi\u006ceged":true} """)]
    [InlineData("privileged as a string", """ "HostConfig":{"Privileged":"true"} """)]
    [InlineData("privileged as a number", """ "HostConfig":{"Privileged":1} """)]

    // Capabilities beyond the engine's own allow CVE-2022-0492 (release_agent), "shocker" (CAP_DAC_READ_SEARCH) and loading kernel modules.
    [InlineData("all capabilities", """ "HostConfig":{"CapAdd":["ALL"]} """)]
    [InlineData("one capability", """ "HostConfig":{"CapAdd":["SYS_PTRACE"]} """)]
    [InlineData("capabilities as the old field", """ "HostConfig":{"Capabilities":["CAP_SYS_ADMIN"]} """)]

    // Devices give the host's disks as files.
    [InlineData(
        "a device", """ "HostConfig":{"Devices":[{"PathOnHost":"/dev/sda","PathInContainer":"/dev/sda","CgroupPermissions":"rwm"}]} """)]
    [InlineData("device rules", """ "HostConfig":{"DeviceCgroupRules":["a *:* rwm"]} """)]
    [InlineData("GPUs", """ "HostConfig":{"DeviceRequests":[{"Count":-1,"Capabilities":[["gpu"]]}]} """)]

    // These filters keep CVE-2022-0185 and CVE-2016-0728 out of containers.
    [InlineData("no seccomp", """ "HostConfig":{"SecurityOpt":["seccomp=unconfined"]} """)]
    [InlineData("no apparmor", """ "HostConfig":{"SecurityOpt":["apparmor:unconfined"]} """)]

    // A namespace of the host or of a neighbour shows the arguments, environment and memory of its processes, its shared memory, its name
    // and its users.
    [InlineData("the host's processes", """ "HostConfig":{"PidMode":"host"} """)]
    [InlineData("a neighbour's processes", $$""" "HostConfig":{"PidMode":"container:{{Foreign}}"} """)]
    [InlineData("the host's IPC", """ "HostConfig":{"IpcMode":"host"} """)]
    [InlineData("the host's UTS", """ "HostConfig":{"UTSMode":"host"} """)]
    [InlineData("the host's users", """ "HostConfig":{"UsernsMode":"host"} """)]
    [InlineData("the host's cgroups", """ "HostConfig":{"CgroupnsMode":"host"} """)]
    [InlineData("another cgroup", """ "HostConfig":{"CgroupParent":"/"} """)]

    // The host's network has the abstract sockets of containerd's shims (CVE-2020-15257), and services that trust the loopback. A
    // neighbour's network has its own loopback.
    [InlineData("the host's network", """ "HostConfig":{"NetworkMode":"host"} """)]
    [InlineData("a neighbour's network", $$""" "HostConfig":{"NetworkMode":"container:{{Foreign}}"} """)]
    [InlineData("a foreign network", """ "HostConfig":{"NetworkMode":"production"} """)]
    [InlineData("a network mode that is no text", """ "HostConfig":{"NetworkMode":["host"]} """)]

    // An address or a name on a network decides who is believed. A container could answer in place of a neighbour's database.
    [InlineData("a second network", """ "NetworkingConfig":{"EndpointsConfig":{"production":{}}} """)]
    [InlineData(
        "an address of its choice", """ "NetworkingConfig":{"EndpointsConfig":{"default":{"IPAMConfig":{"IPv4Address":"172.17.0.9"}}}} """)]
    [InlineData(
        "an address of its choice on its own network",
        """ "NetworkingConfig":{"EndpointsConfig":{"berth-ada-app":{"IPAMConfig":{"IPv4Address":"172.17.0.9"}}}} """)]
    [InlineData("a link on its own network", """ "NetworkingConfig":{"EndpointsConfig":{"berth-ada-app":{"Links":["db:db"]}}} """)]
    [InlineData(
        "a hardware address of its choice",
        """ "NetworkingConfig":{"EndpointsConfig":{"berth-ada-app":{"MacAddress":"02:42:ac:11:00:02"}}} """)]
    [InlineData("its own network and another", """ "NetworkingConfig":{"EndpointsConfig":{"berth-ada-app":{},"berth-bob-app":{}}} """)]
    [InlineData("a neighbour's network as the mode", """ "HostConfig":{"NetworkMode":"berth-bob-app"} """)]

    // CVE-2024-21626: a folder of the host that the runtime had open became the working folder.
    [InlineData("an open folder of the runtime (CVE-2024-21626)", """ "WorkingDir":"/proc/self/fd/8" """)]
    [InlineData("an open folder of the runtime, spelt otherwise", """ "WorkingDir":"//proc//self/fd/8/../../.." """)]
    [InlineData("an open folder of the runtime behind dots", """ "WorkingDir":"/tmp/../proc/self/fd/8" """)]
    [InlineData("a working folder in /sys", """ "WorkingDir":"/sys/fs/cgroup" """)]

    // The runtime decides what isolation means.
    [InlineData("another runtime", """ "HostConfig":{"Runtime":"runsc"} """)]

    // The setting kernel.core_pattern names a program that runs on the host.
    [InlineData("kernel settings", """ "HostConfig":{"Sysctls":{"net.ipv4.ip_forward":"1"}} """)]

    // A mount can give the host's disk, the engine's socket (docker-outside-of-docker) or what other codespaces keep. The target of a mount
    // can be attacked as well (CVE-2021-30465 and CVE-2019-16884).
    [InlineData("the host's root", """ "HostConfig":{"Binds":["/:/host"]} """)]
    [InlineData("the engine's socket", """ "HostConfig":{"Binds":["/var/run/docker.sock:/var/run/docker.sock"]} """)]
    [InlineData("a shared volume", """ "HostConfig":{"Binds":["cache:/cache"]} """)]
    [InlineData("a mount of the host's root", """ "HostConfig":{"Mounts":[{"Type":"bind","Source":"/","Target":"/workspaces/app"}]} """)]
    [InlineData(
        "a mount of the folder above",
        """ "HostConfig":{"Mounts":[{"Type":"bind","Source":"/srv/berth/codespaces/ada-app/workspace","Target":"/workspaces/app"}]} """)]
    [InlineData(
        "a mount with dots",
        """ "HostConfig":{"Mounts":[{"Type":"bind","Source":"/srv/berth/codespaces/ada-app/workspace/app/../../..","Target":"/workspaces/app"}]} """)]
    [InlineData("the workspace at another place", """ "HostConfig":{"Mounts":[{"Type":"bind","Source":"WORKSPACE","Target":"/etc"}]} """)]
    [InlineData(
        "the workspace and the host",
        """ "HostConfig":{"Mounts":[{"Type":"bind","Source":"WORKSPACE","Target":"/workspaces/app"},{"Type":"bind","Source":"/etc","Target":"/etc"}]} """)]
    [InlineData(
        "the workspace twice",
        """ "HostConfig":{"Mounts":[{"Type":"bind","Source":"WORKSPACE","Target":"/workspaces/app"},{"Type":"bind","Source":"WORKSPACE","Target":"/workspaces/app"}]} """)]
    [InlineData(
        "the workspace with shared propagation",
        """ "HostConfig":{"Mounts":[{"Type":"bind","Source":"WORKSPACE","Target":"/workspaces/app","BindOptions":{"Propagation":"rshared"}}]} """)]
    [InlineData("a named volume", """ "HostConfig":{"Mounts":[{"Type":"volume","Source":"cache","Target":"/cache"}]} """)]
    [InlineData("a mount whose keys are in another case", """ "HostConfig":{"Mounts":[{"type":"bind","source":"/","target":"/host"}]} """)]

    // A volume is a mount in other words, and does not count towards the workspace's size.
    [InlineData(
        "a volume with a driver that mounts the host",
        """ "HostConfig":{"Mounts":[{"Type":"volume","Target":"/h","VolumeOptions":{"DriverConfig":{"Name":"local","Options":{"type":"none","o":"bind","device":"/"}}}}]} """)]
    [InlineData("a volume driver", """ "HostConfig":{"VolumeDriver":"local-persist"} """)]
    [InlineData("an anonymous volume", """ "Volumes":{"/data":{}} """)]

    // The id of another container would give its files.
    [InlineData("a neighbour's mounts", $$""" "HostConfig":{"VolumesFrom":["{{Foreign}}"]} """)]
    [InlineData("a tmpfs", """ "HostConfig":{"Tmpfs":{"/run":"exec"}} """)]

    // An empty list means that nothing is masked. /proc/sysrq-trigger and /proc/sys then belong to the container.
    [InlineData("unmasked kernel files", """ "HostConfig":{"MaskedPaths":["/nothing"]} """)]
    [InlineData("writable kernel files", """ "HostConfig":{"ReadonlyPaths":["/nothing"]} """)]
    [InlineData("unmasked kernel files by an empty list", """ "HostConfig":{"MaskedPaths":[]} """)]
    [InlineData("writable kernel files by an empty list", """ "HostConfig":{"ReadonlyPaths":[]} """)]

    // Other people's programs would take such a port for the host's own.
    [InlineData("a port of the host", """ "HostConfig":{"PortBindings":{"80/tcp":[{"HostIp":"","HostPort":"80"}]}} """)]
    [InlineData("all ports of the host", """ "HostConfig":{"PublishAllPorts":true} """)]

    // Such a container runs when Berth does not know it, before its firewall is set up.
    [InlineData("a restart policy", """ "HostConfig":{"RestartPolicy":{"Name":"always"}} """)]
    [InlineData("removing itself", """ "HostConfig":{"AutoRemove":true} """)]

    // The log would be sent from the host's network, to an address that the container chooses.
    [InlineData("a log driver", """ "HostConfig":{"LogConfig":{"Type":"syslog","Config":{"syslog-address":"tcp://10.0.0.1:514"}}} """)]

    // A link gives the environment of the linked container, and so its passwords.
    [InlineData("links", $$""" "HostConfig":{"Links":["{{Foreign}}:db"]} """)]

    // CVE-2022-36109. A group can also be that of the engine's socket.
    [InlineData("groups", """ "HostConfig":{"GroupAdd":["docker"]} """)]

    // Another process would be killed in its place.
    [InlineData("no out-of-memory killer", """ "HostConfig":{"OomKillDisable":true} """)]
    [InlineData("an out-of-memory score", """ "HostConfig":{"OomScoreAdj":-1000} """)]

    // The program that reads this field writes the file, as root.
    [InlineData("a file on the host", """ "HostConfig":{"ContainerIDFile":"/etc/cron.d/x"} """)]

    // Names of Berth and of registries would lead to somebody who collects tokens.
    [InlineData("a hosts entry", """ "HostConfig":{"ExtraHosts":["registry.acme.test:10.0.0.1"]} """)]

    // An unknown field is refused, because the next engine may give it a meaning.
    [InlineData("a storage option", """ "HostConfig":{"StorageOpt":{"size":"1G"}} """)]
    [InlineData("a field of the future", """ "HostConfig":{"Anything":"new"} """)]

    // An image on the engine was authorised for somebody else, and the engine uses it without asking anybody. An id has no registry that
    // could be asked (CVE-2014-9358).
    [InlineData("another image", """ "Image":"localhost:5000/acme/secret:1" """)]
    [InlineData("the same image by tag", """ "Image":"localhost:5000/acme/app-dev:1" """)]
    [InlineData("an image id", """ "Image":"sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" """)]
    [InlineData("another image in another case", """ "image":"localhost:5000/acme/secret:1" """)]

    // Berth finds by labels what belongs to whom. Proxies and updaters on the host find by labels what to do.
    [InlineData("somebody else's label", """ "Labels":{"berth.codespace":"bob-app"} """)]
    [InlineData("another server's label", """ "Labels":{"berth.host":"elsewhere"} """)]
    [InlineData("a label that steers a proxy", """ "Labels":{"traefik.enable":"true"} """)]
    [InlineData("a MAC address", """ "MacAddress":"02:42:ac:11:00:02" """)]

    // Two readers could read these texts differently.
    [InlineData("text that is no Unicode", """ "User":"\ud800" """)]
    [InlineData("a command that is no list of strings", """ "Cmd":[{"a":1}] """)]
    public async Task A_container_that_asks_for_more_gets_nothing_of_it(string what, string fields)
    {
        var innocent = await InnocentAsync();
        fields = fields.Trim();

        // If the fields repeat a key, the last one counts or the configuration is refused. Both are fine, because the scripted engine
        // checks every container that it is asked for.
        Assert.Equal(innocent, await BodyAsync(fields) ?? innocent);
        Assert.Equal(innocent, await InnocentAsync($"[{{{fields}}}]"));
        Assert.NotEmpty(what);
    }

    [Theory]
    [InlineData("CAP_SYS_ADMIN", "--cap-add SYS_ADMIN")]
    [InlineData("CAP_SYS_MODULE", "--cap-add SYS_MODULE")]
    [InlineData("CAP_DAC_READ_SEARCH", "--cap-add DAC_READ_SEARCH")]
    [InlineData("CAP_NET_ADMIN", "--cap-add NET_ADMIN")]
    [InlineData("CAP_SYS_TIME and CAP_SYSLOG", "--cap-add SYS_TIME --cap-add SYSLOG")]
    [InlineData("a device of the host", "--device /dev/null:/dev/stolen")]
    [InlineData("leave to open any device", "--device-cgroup-rule c~*:*~rwm")]
    [InlineData("no filter of system calls", "--security-opt seccomp=unconfined")]
    [InlineData("kernel files that are else hidden", "--security-opt systempaths=unconfined")]
    [InlineData("the host's processes", "--pid host")]
    [InlineData("a neighbour's processes", "--pid container:@NEIGHBOUR@")]
    [InlineData("the host's shared memory", "--ipc host")]
    [InlineData("a neighbour's shared memory", "--ipc container:@NEIGHBOUR@")]
    [InlineData("the host's name", "--uts host")]
    [InlineData("the host's network", "--network host")]
    [InlineData("a neighbour's network", "--network container:@NEIGHBOUR@")]
    [InlineData("a place on a neighbour's network", "--network @NEIGHBOUR_NETWORK@")]
    [InlineData("a link to a neighbour", "--link @NEIGHBOUR@:db")]
    [InlineData("the host's files", "--volume /:/host")]
    [InlineData("the host's files by a mount", "--mount type=bind,source=/,target=/host")]
    [InlineData("kernel settings of the host", "--volume /proc/sys:/host-sys")]
    [InlineData("control groups of the host", "--volume /sys/fs/cgroup:/host-cgroup")]
    [InlineData("devices of the host by a mount", "--volume /dev:/host-dev")]
    [InlineData(
        "mounts that spread to the host", "--mount type=bind,source=@FOLDER@/workspace,target=/workspaces/app,bind-propagation=rshared")]
    [InlineData("the folder above the workspace", "--mount type=bind,source=@FOLDER@,target=/workspaces/app")]
    [InlineData("all volumes of a neighbour", "--volumes-from @NEIGHBOUR@")]
    [InlineData("a kernel setting", "--sysctl kernel.shm_rmid_forced=1")]
    [InlineData("processes without end", "--pids-limit -1")]
    [InlineData("memory beyond the machine's", "--memory 4000g --memory-swap 5000g")]
    [InlineData("protection from the out-of-memory killer", "--oom-score-adj 5")]
    [InlineData("processors of its choice", "--cpuset-cpus 0")]
    [InlineData("groups", "--group-add 998")]
    [InlineData("names for other addresses", "--add-host registry.acme.test:10.0.0.1")]
    [InlineData("a name server of its choice", "--dns 10.0.0.1")]
    [InlineData("a label for a proxy", "--label traefik.enable=true")]
    [InlineData("a neighbour's label", "--label berth.codespace=bob")]
    [InlineData("a port of the host", "--publish 127.0.0.1::80")]
    [InlineData("every port of the host", "--publish-all --expose 80")]
    [InlineData("a policy to be restarted", "--restart on-failure:1")]
    [InlineData("another log driver", "--log-driver none")]
    [InlineData("another runtime", "--runtime io.containerd.runc.v2")]
    [InlineData("a control group beside its own", "--cgroup-parent berth-hostile.slice")]
    [InlineData("the host's control groups", "--cgroupns host")]
    [InlineData("the host's users", "--userns host")]
    [InlineData("priorities of real time", "--ulimit rtprio=99")]
    [InlineData("more processors than the machine's", "--cpus 4000 --memory-reservation 1g")]
    public async Task Arguments_for_the_engine_give_nothing(string what, string flags)
    {
        var words = flags.Split(' ').Select(word => word.Replace('~', ' '));
        var arguments = new JsonArray([.. words.Select(word => (JsonNode?)word)]).ToJsonString();
        Assert.Equal(await InnocentAsync(), await BodyAsync($"\"runArgs\": {arguments}"));
        Assert.Contains("is left out: ", _log, StringComparison.Ordinal);
        Assert.NotEmpty(what);
    }

    [Theory]
    [InlineData("a neighbour's volume by its name", "--volume @NEIGHBOUR_VOLUME@:/stolen")]
    [InlineData("a neighbour's volume by a mount", "--mount type=volume,source=@NEIGHBOUR_VOLUME@,target=/stolen")]
    [InlineData("a volume of another codespace", "--volume berth-bob-app.data:/stolen")]
    [InlineData(
        "the host's files by a volume's driver",
        "--mount type=volume,target=/host,volume-opt=type=none,volume-opt=o=bind,volume-opt=device=/")]
    public async Task A_volume_of_whatever_name_is_the_codespaces_own(string what, string flags)
    {
        var arguments = new JsonArray([.. flags.Split(' ').Select(word => (JsonNode?)word)]).ToJsonString();
        var body = JsonNode.Parse((await BodyAsync($"\"runArgs\": {arguments}"))!)!.AsObject();
        var mounts = body["HostConfig"]!["Mounts"]!.AsArray();
        var volume = mounts[1]!.AsObject();
        Assert.Equal(["Type", "Source", "Target", "ReadOnly"], volume.Select(field => field.Key));
        Assert.StartsWith("berth-NAME.", (string)volume["Source"]!, StringComparison.Ordinal);
        mounts.RemoveAt(1);
        Assert.Equal(await InnocentAsync(), body.ToJsonString());
        Assert.NotEmpty(what);
    }

    private string _log = "";

    private async Task<string> InnocentAsync(string label = "[]")
    {
        World.Engine.ImageLabels = new Dictionary<string, string> { ["devcontainer.metadata"] = label };
        return await BodyAsync("") ?? throw new InvalidOperationException(_log);
    }

    /// <summary>What the engine is asked for to make the container, with names replaced. Null: the configuration is refused.</summary>
    private async Task<string?> BodyAsync(string fields)
    {
        World.Sandbox.Files[".devcontainer.json"] =
            $$"""{ "image": "{{World.Image}}"{{(fields.Length == 0 ? "" : $", {fields}")}} }""";
        var name = await World.CreateAsync();
        _log = await World.LogNowAsync(name);
        var body = World.Engine.Bodies.GetValueOrDefault("berth-" + name);
        await World.Ada.DoAsync("DELETE", $"/user/codespaces/{name}");
        await World.UntilAsync(name, "gone");
        if (body is not null)
        {
            body["Labels"]!.AsObject().Remove("devcontainer.metadata");
            body["Labels"]!.AsObject().Remove("berth.start");
        }

        return body?.ToJsonString().Replace(name, "NAME", StringComparison.Ordinal);
    }
}
