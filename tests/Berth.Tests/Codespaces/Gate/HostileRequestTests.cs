namespace Berth.Tests.Codespaces.Gate;

/// <summary>
/// Requests that must not reach the engine, whatever asked for them: a configuration, an image label, or a process that found the socket.
/// </summary>
[Trait("Suite", "hostile")]
public sealed class HostileRequestTests
{
    private const string Own = ScriptedEngine.Own;
    private const string Foreign = ScriptedEngine.Foreign;

    [Theory]

    // Root in a privileged container is root on the host (CVE-2014-6408: such options came with an image). The spellings: an engine that
    // reads keys in any case and takes the last of two saw what a filter before it did not.
    [InlineData("privileged mode", """ "HostConfig":{"Privileged":true} """)]
    [InlineData("keys are read without regard to case by the engine", """ "HostConfig":{"privileged":true} """)]
    [InlineData("the whole section in another case", """ "hostconfig":{"Privileged":true} """)]
    [InlineData("a repeated section", """ "HostConfig":{},"HostConfig":{"Privileged":true} """)]
    [InlineData("a repeated field", """ "HostConfig":{"Privileged":false,"Privileged":true} """)]
    [InlineData("an escaped key that repeats another", """ "HostConfig":{"Privileged":false,"Privi\u006ceged":true} """)]
    [InlineData("privileged as a string", """ "HostConfig":{"Privileged":"true"} """)]
    [InlineData("privileged as a number", """ "HostConfig":{"Privileged":1} """)]

    // CVE-2022-0492 (release_agent), "shocker" (CAP_DAC_READ_SEARCH), kernel modules: what capabilities beyond the engine's own are good
    // for.
    [InlineData("all capabilities", """ "HostConfig":{"CapAdd":["ALL"]} """)]
    [InlineData("one capability", """ "HostConfig":{"CapAdd":["SYS_PTRACE"]} """)]
    [InlineData("capabilities as the old field", """ "HostConfig":{"Capabilities":["CAP_SYS_ADMIN"]} """)]

    // The host's disks as files.
    [InlineData(
        "a device", """ "HostConfig":{"Devices":[{"PathOnHost":"/dev/sda","PathInContainer":"/dev/sda","CgroupPermissions":"rwm"}]} """)]
    [InlineData("device rules", """ "HostConfig":{"DeviceCgroupRules":["a *:* rwm"]} """)]
    [InlineData("GPUs", """ "HostConfig":{"DeviceRequests":[{"Count":-1,"Capabilities":[["gpu"]]}]} """)]

    // The filters that keep CVE-2022-0185 and CVE-2016-0728 from containers.
    [InlineData("no seccomp", """ "HostConfig":{"SecurityOpt":["seccomp=unconfined"]} """)]
    [InlineData("no apparmor", """ "HostConfig":{"SecurityOpt":["apparmor:unconfined"]} """)]

    // Namespaces of the host or of a neighbour: arguments, environment and memory of its processes, its shared memory, its name, its users.
    [InlineData("the host's processes", """ "HostConfig":{"PidMode":"host"} """)]
    [InlineData("a neighbour's processes", $$""" "HostConfig":{"PidMode":"container:{{Foreign}}"} """)]
    [InlineData("the host's IPC", """ "HostConfig":{"IpcMode":"host"} """)]
    [InlineData("the host's UTS", """ "HostConfig":{"UTSMode":"host"} """)]
    [InlineData("the host's users", """ "HostConfig":{"UsernsMode":"host"} """)]
    [InlineData("the host's cgroups", """ "HostConfig":{"CgroupnsMode":"host"} """)]
    [InlineData("another cgroup", """ "HostConfig":{"CgroupParent":"/"} """)]

    // CVE-2020-15257: abstract sockets of containerd's shims; services that trust the loopback; a neighbour's own loopback.
    [InlineData("the host's network", """ "HostConfig":{"NetworkMode":"host"} """)]
    [InlineData("a neighbour's network", $$""" "HostConfig":{"NetworkMode":"container:{{Foreign}}"} """)]
    [InlineData("a foreign network", """ "HostConfig":{"NetworkMode":"production"} """)]
    [InlineData("a network mode that is no text", """ "HostConfig":{"NetworkMode":["host"]} """)]

    // An address or a name on a network decides who is believed: answers for a neighbour's database.
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

    // CVE-2024-21626: the runtime's own open folder of the host became the working folder.
    [InlineData("an open folder of the runtime (CVE-2024-21626)", """ "WorkingDir":"/proc/self/fd/8" """)]
    [InlineData("an open folder of the runtime, spelt otherwise", """ "WorkingDir":"//proc//self/fd/8/../../.." """)]
    [InlineData("an open folder of the runtime behind dots", """ "WorkingDir":"/tmp/../proc/self/fd/8" """)]
    [InlineData("a working folder in /sys", """ "WorkingDir":"/sys/fs/cgroup" """)]

    // A runtime decides what isolation is.
    [InlineData("another runtime", """ "HostConfig":{"Runtime":"runsc"} """)]

    // kernel.core_pattern runs a program on the host.
    [InlineData("kernel settings", """ "HostConfig":{"Sysctls":{"net.ipv4.ip_forward":"1"}} """)]

    // The disk, the engine's socket (docker-outside-of-docker), what other codespaces keep. CVE-2021-30465 and CVE-2019-16884: a mount's
    // target is a place to attack as well.
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

    // A volume is a mount in other words, and outside the workspace's size.
    [InlineData(
        "a volume with a driver that mounts the host",
        """ "HostConfig":{"Mounts":[{"Type":"volume","Target":"/h","VolumeOptions":{"DriverConfig":{"Name":"local","Options":{"type":"none","o":"bind","device":"/"}}}}]} """)]
    [InlineData("a volume driver", """ "HostConfig":{"VolumeDriver":"local-persist"} """)]
    [InlineData("an anonymous volume", """ "Volumes":{"/data":{}} """)]

    // Another container's files by its id.
    [InlineData("a neighbour's mounts", $$""" "HostConfig":{"VolumesFrom":["{{Foreign}}"]} """)]
    [InlineData("a tmpfs", """ "HostConfig":{"Tmpfs":{"/run":"exec"}} """)]

    // An empty list means: nothing is masked. /proc/sysrq-trigger and /proc/sys then belong to the container.
    [InlineData("unmasked kernel files", """ "HostConfig":{"MaskedPaths":["/nothing"]} """)]
    [InlineData("writable kernel files", """ "HostConfig":{"ReadonlyPaths":["/nothing"]} """)]
    [InlineData("unmasked kernel files by an empty list", """ "HostConfig":{"MaskedPaths":[]} """)]
    [InlineData("writable kernel files by an empty list", """ "HostConfig":{"ReadonlyPaths":[]} """)]

    // A port that other people's programs take for the host's own.
    [InlineData("a port of the host", """ "HostConfig":{"PortBindings":{"80/tcp":[{"HostIp":"","HostPort":"80"}]}} """)]
    [InlineData("all ports of the host", """ "HostConfig":{"PublishAllPorts":true} """)]

    // Runs when Berth does not know it, before its firewall stands.
    [InlineData("a restart policy", """ "HostConfig":{"RestartPolicy":{"Name":"always"}} """)]
    [InlineData("removing itself", """ "HostConfig":{"AutoRemove":true} """)]

    // The host's network sends the log to where it says.
    [InlineData("a log driver", """ "HostConfig":{"LogConfig":{"Type":"syslog","Config":{"syslog-address":"tcp://10.0.0.1:514"}}} """)]

    // The environment of the linked container: its passwords.
    [InlineData("links", $$""" "HostConfig":{"Links":["{{Foreign}}:db"]} """)]

    // CVE-2022-36109; and the group of the engine's socket.
    [InlineData("groups", """ "HostConfig":{"GroupAdd":["docker"]} """)]

    // Somebody else is killed in its place.
    [InlineData("no out-of-memory killer", """ "HostConfig":{"OomKillDisable":true} """)]
    [InlineData("an out-of-memory score", """ "HostConfig":{"OomScoreAdj":-1000} """)]

    // Written by whoever reads the field, as root.
    [InlineData("a file on the host", """ "HostConfig":{"ContainerIDFile":"/etc/cron.d/x"} """)]

    // Names of Berth and of registries lead to somebody who collects tokens.
    [InlineData("a hosts entry", """ "HostConfig":{"ExtraHosts":["registry.acme.test:10.0.0.1"]} """)]

    // What is unknown is refused: the next engine gives it a meaning.
    [InlineData("a storage option", """ "HostConfig":{"StorageOpt":{"size":"1G"}} """)]
    [InlineData("a field of the future", """ "HostConfig":{"Anything":"new"} """)]

    // An image on the engine was authorised for somebody else, and is used without asking anybody; an id has no registry that could be
    // asked (CVE-2014-9358).
    [InlineData("another image", """ "Image":"localhost:5000/acme/secret:1" """)]
    [InlineData("the same image by tag", """ "Image":"localhost:5000/acme/app-dev:1" """)]
    [InlineData("an image id", """ "Image":"sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" """)]
    [InlineData("another image in another case", """ "image":"localhost:5000/acme/secret:1" """)]

    // Labels are how Berth finds what is whose, and how proxies and updaters on the host find what to do.
    [InlineData("somebody else's label", """ "Labels":{"berth.codespace":"bob-app"} """)]
    [InlineData("another server's label", """ "Labels":{"berth.host":"elsewhere"} """)]
    [InlineData("a label that steers a proxy", """ "Labels":{"traefik.enable":"true"} """)]
    [InlineData("a MAC address", """ "MacAddress":"02:42:ac:11:00:02" """)]

    // Two readers of one text.
    [InlineData("text that is no Unicode", """ "User":"\ud800" """)]
    [InlineData("a command that is no list of strings", """ "Cmd":[{"a":1}] """)]
    public async Task A_container_that_asks_for_more_is_refused(string what, string fields)
    {
        await using var gated = new GatedEngine();
        var image = fields.Contains("mage\":", StringComparison.Ordinal) && fields.Contains("\"Image\"", StringComparison.Ordinal)
            ? ""
            : "\"Image\":\"IMAGE\",";
        var answer = await gated.SendAsync("POST", "/v1.41/containers/create", EngineGateTests.Fill($"{{{image}{fields}}}"));

        Assert.True(answer.Status is 400 or 403, what);
        Assert.StartsWith("""{"message":"Berth: """, answer.Body, StringComparison.Ordinal);
        Assert.Empty(gated.Engine.Calls);
        Assert.Contains("POST /containers/create: ", Assert.Single(gated.Refusals), StringComparison.Ordinal);
    }

    [Theory]

    // What cannot be read in one way only is not forwarded.
    [InlineData("a container without an image", "POST", "/v1.41/containers/create", "{}")]
    [InlineData("no JSON", "POST", "/v1.41/containers/create", "Privileged")]
    [InlineData("an array", "POST", "/v1.41/containers/create", "[]")]
    [InlineData("an empty body", "POST", "/v1.41/containers/create", "")]
    [InlineData("two objects", "POST", "/v1.41/containers/create", """{"Image":"IMAGE"}{"HostConfig":{"Privileged":true}}""")]
    [InlineData("comments", "POST", "/v1.41/containers/create", """{"Image":"IMAGE"/* */}""")]

    // Parameters beside the body: CVE-2024-41110 let a request past a filter that saw another body than the engine.
    [InlineData("another platform", "POST", "/v1.41/containers/create?platform=windows", """{"Image":"IMAGE"}""")]
    [InlineData("an unknown parameter", "POST", "/v1.41/containers/create?fromSrc=x", """{"Image":"IMAGE"}""")]

    // API 1.12 to 1.23 took privileges with the start.
    [InlineData(
        "a start with a host configuration, as API 1.23 took it", "POST", $"/v1.23/containers/{Own}/start", """{"Privileged":true}""")]
    [InlineData("the same in today's version", "POST", $"/v1.41/containers/{Own}/start", """{"Privileged":true}""")]
    [InlineData("a start from a checkpoint on the host", "POST", $"/v1.41/containers/{Own}/start?checkpoint=x&checkpoint-dir=/etc", null)]

    // A process with everything, in a container without.
    [InlineData("a privileged exec", "POST", $"/v1.41/containers/{Own}/exec", """{"Privileged":true,"Cmd":["sh"]}""")]
    [InlineData("a privileged exec in another case", "POST", $"/v1.41/containers/{Own}/exec", """{"privileged":true,"Cmd":["sh"]}""")]

    // A neighbour's processes, files and output.
    [InlineData("an exec in a neighbour", "POST", $"/v1.41/containers/{Foreign}/exec", """{"Cmd":["sh"]}""")]
    [InlineData("an attach to a neighbour", "POST", $"/v1.41/containers/{Foreign}/attach?stream=1&stdout=1", null)]
    [InlineData("the logs of a neighbour", "GET", $"/v1.41/containers/{Foreign}/logs?stdout=1", null)]
    [InlineData("looking at a neighbour", "GET", $"/v1.41/containers/{Foreign}/json", null)]
    [InlineData("stopping a neighbour", "POST", $"/v1.41/containers/{Foreign}/stop", null)]

    // An exec's id is all that is needed to talk to it.
    [InlineData("somebody else's exec", "POST", $"/v1.41/exec/{ScriptedEngine.ExecId}/start", """{"Detach":false,"Tty":false}""")]
    [InlineData("looking at somebody else's exec", "GET", $"/v1.41/exec/{ScriptedEngine.ExecId}/json", null)]

    // Limits that can be lifted are none.
    [InlineData("raising the own limits", "POST", $"/v1.41/containers/{Own}/update", """{"Devices":[]}""")]
    [InlineData("renaming", "POST", $"/v1.41/containers/{Own}/rename?name=x", null)]

    // docker cp works as root on the host: CVE-2018-15664, CVE-2019-14271.
    [InlineData("copying out", "GET", $"/v1.41/containers/{Own}/archive?path=/etc/shadow", null)]
    [InlineData("copying in", "PUT", $"/v1.41/containers/{Own}/archive?path=/", null)]
    [InlineData("exporting", "GET", $"/v1.41/containers/{Own}/export", null)]
    [InlineData("removing", "DELETE", $"/v1.41/containers/{Own}?force=1", null)]
    [InlineData("killing", "POST", $"/v1.41/containers/{Own}/kill", null)]

    // Everybody's containers.
    [InlineData("removing all that stopped", "POST", "/v1.41/containers/prune", null)]

    // The engine asks with its own address and with logins it may have kept; what is pulled lies there for all.
    [InlineData("pulling", "POST", "/v1.41/images/create?fromImage=localhost:5000/acme/secret&tag=1", null)]

    // Archives that lead out of their folder: CVE-2014-6407, CVE-2014-9356; bombs: CVE-2017-14992; manifests that stop the engine:
    // CVE-2021-21285, CVE-2021-20291.
    [InlineData("importing", "POST", "/v1.41/images/create?fromSrc=-", "x")]
    [InlineData("loading", "POST", "/v1.41/images/load", "x")]

    // Names, environment and history of other people's images.
    [InlineData("looking at another image", "GET", "/v1.41/images/localhost:5000/acme/secret:1/json", null)]
    [InlineData("listing images", "GET", "/v1.41/images/json", null)]

    // With the engine's address into registries that trust it.
    [InlineData("pushing", "POST", "/v1.41/images/localhost:5000/acme/app-dev/push", null)]
    [InlineData("tagging", "POST", "/v1.41/images/localhost:5000/acme/app-dev/tag?repo=x", null)]
    [InlineData("saving", "GET", "/v1.41/images/localhost:5000/acme/secret:1/get", null)]
    [InlineData("asking a registry with the engine's hands", "GET", "/v1.41/distribution/localhost:5000/acme/secret:1/json", null)]

    // CVE-2019-13139 (remote contexts); a build has its own mounts, networks and caches, so Berth alone asks for one. CVE-2024-23651,
    // CVE-2024-23652 and CVE-2024-23653 are BuildKit's.
    [InlineData("building", "POST", "/v1.41/build?remote=https://acme.test/x.tar", null)]
    [InlineData("a BuildKit session", "POST", "/session", null)]

    // A neighbour's files as an image.
    [InlineData("committing", "POST", $"/v1.41/commit?container={Foreign}", "{}")]

    // Volumes and networks are everybody's by name.
    [InlineData("making a volume", "POST", "/v1.41/volumes/create", """{"Name":"x"}""")]
    [InlineData("listing volumes", "GET", "/v1.41/volumes", null)]
    [InlineData("making a network", "POST", "/v1.41/networks/create", """{"Name":"x"}""")]
    [InlineData("joining a network", "POST", "/v1.41/networks/production/connect", $$"""{"Container":"{{Own}}"}""")]

    // A plugin runs as root on the host.
    [InlineData("the engine's plugins", "POST", "/v1.41/plugins/pull?remote=x", "[]")]

    // What the host is, where it keeps things, which registries it trusts.
    [InlineData("the engine's facts", "GET", "/v1.41/info", null)]
    [InlineData("disk usage", "GET", "/v1.41/system/df", null)]

    // Other hosts, and secrets kept for them.
    [InlineData("a swarm", "POST", "/v1.41/swarm/init", "{}")]
    [InlineData("secrets of a swarm", "GET", "/v1.41/secrets", null)]
    [InlineData("logging in with the engine's hands", "POST", "/v1.41/auth", "{}")]

    // As with containers.
    [InlineData(
        "a process in an open folder of the runtime (CVE-2024-21626)", "POST", $"/v1.41/containers/{Own}/exec",
        """{"Cmd":["sh"],"WorkingDir":"/proc/self/fd/8"}""")]
    [InlineData("the engine's nodes", "GET", "/v1.41/nodes", null)]
    [InlineData("services of a swarm", "POST", "/v1.41/services/create", "{}")]
    [InlineData("configurations of a swarm", "GET", "/v1.41/configs", null)]

    // One call empties everybody's caches.
    [InlineData("removing unused containers", "POST", "/v1.41/containers/prune", null)]
    [InlineData("removing unused images", "POST", "/v1.41/images/prune", null)]
    [InlineData("removing unused networks", "POST", "/v1.41/networks/prune", null)]
    [InlineData("removing unused volumes", "POST", "/v1.41/volumes/prune", null)]
    [InlineData("removing the build cache", "POST", "/v1.41/build/prune", null)]
    [InlineData("looking for images at registries", "GET", "/v1.41/images/search?term=x", null)]
    [InlineData("the history of an image", "GET", "/v1.41/images/localhost:5000/acme/secret:1/history", null)]
    [InlineData("loading images", "POST", "/v1.41/images/load", "x")]

    // What a neighbour is doing, and when.
    [InlineData("a neighbour's statistics", "GET", $"/v1.41/containers/{Foreign}/stats", null)]
    [InlineData("a neighbour's changes", "GET", $"/v1.41/containers/{Foreign}/changes", null)]
    [InlineData("a neighbour's files by HEAD", "HEAD", $"/v1.41/containers/{Foreign}/archive?path=/", null)]
    [InlineData("files into a neighbour", "PUT", $"/v1.41/containers/{Foreign}/archive?path=/", "x")]
    [InlineData("a neighbour's limits", "POST", $"/v1.41/containers/{Foreign}/update", """{"Memory":1}""")]
    [InlineData("its own limits", "POST", $"/v1.41/containers/{Own}/update", """{"Memory":0,"NanoCpus":0}""")]
    [InlineData("a neighbour's terminal over WebSocket", "GET", $"/v1.41/containers/{Foreign}/attach/ws?stream=1", null)]
    [InlineData("an export of a neighbour", "GET", $"/v1.41/containers/{Foreign}/export", null)]

    // A folder of the host's that the engine writes or reads as root.
    [InlineData(
        "a checkpoint of its own container", "POST", $"/v1.41/containers/{Own}/checkpoints",
        """{"CheckpointID":"x","CheckpointDir":"/etc"}""")]
    [InlineData("a start from a checkpoint folder", "POST", $"/v1.41/containers/{Own}/start?checkpoint=x&checkpoint-dir=/etc", null)]
    [InlineData("leaving its own network", "POST", "/v1.41/networks/berth-ada-app/disconnect", $$"""{"Container":"{{Own}}"}""")]

    // The same call in other words: versions, filters, parameters, and addresses that two parsers read differently.
    [InlineData(
        "a version older than the allow-list (start with a body)", "POST", $"/v1.23/containers/{Own}/start", """{"Privileged":true}""")]
    [InlineData("listing by another filter", "GET", "/v1.41/containers/json?filters=%7B%22volume%22%3A%5B%22x%22%5D%7D", null)]
    [InlineData(
        "filters with a repeated key", "GET", "/v1.41/containers/json?filters=%7B%22label%22%3A%5B%5D%2C%22label%22%3A%5B%5D%7D", null)]
    [InlineData("a repeated parameter", "GET", "/v1.41/containers/json?all=0&all=1", null)]
    [InlineData("a repeated parameter in two spellings", "GET", "/v1.41/containers/json?all=0&%61ll=1", null)]
    [InlineData("a parameter behind a semicolon", "GET", "/v1.41/containers/json?all=1;filters=x", null)]
    [InlineData("events of images", "GET", "/v1.41/events?filters=%7B%22image%22%3A%5B%22x%22%5D%7D", null)]
    [InlineData("an unknown version", "GET", "/v2.0/containers/json", null)]
    [InlineData("a version twice", "GET", "/v1.41/v1.41/containers/json", null)]
    [InlineData("an encoded slash", "GET", $"/v1.41/containers%2F{Foreign}/json", null)]
    [InlineData("an encoded letter", "POST", "/v1.41/containers/%63reate", """{"Image":"IMAGE"}""")]
    [InlineData("dot segments", "GET", $"/v1.41/images/{GatedEngine.Image}/../../../info", null)]
    [InlineData("a doubled slash", "GET", "//v1.41/containers/json", null)]
    [InlineData("another case", "POST", "/v1.41/Containers/create", """{"Image":"IMAGE"}""")]
    [InlineData("a trailing slash", "POST", "/v1.41/containers/create/", """{"Image":"IMAGE"}""")]
    [InlineData("an absolute URI", "GET", "http://docker/v1.41/info", null)]
    [InlineData("an asterisk", "GET", "*", null)]
    [InlineData("an unknown method", "CONNECT", "/v1.41/info", null)]
    [InlineData("options", "OPTIONS", "/v1.41/info", null)]
    public async Task A_call_off_the_list_is_refused(string what, string method, string target, string? body)
    {
        await using var gated = new GatedEngine();
        var answer = await gated.SendAsync(method, target, body is null ? null : EngineGateTests.Fill(body));

        Assert.True(answer.Status is 400 or 403 or 404, $"{what}: {answer.Status}");
        Assert.StartsWith("""{"message":"Berth: """, answer.Body, StringComparison.Ordinal);

        // The gate itself looks at a container before it decides whose it is; nothing else arrives.
        Assert.All(
            gated.Engine.Calls,
            call => Assert.Equal(
                new EngineCall("GET", $"/v1.41/containers/{(target.Contains(Own, StringComparison.Ordinal) ? Own : Foreign)}/json", ""),
                call));
    }
}
