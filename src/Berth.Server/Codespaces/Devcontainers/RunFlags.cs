namespace Berth.Server.Codespaces.Devcontainers;

/// <summary>The arguments of <c>docker run</c>: their long names, which of them take no value, and why some are left out.</summary>
internal static class RunFlags
{
    private static readonly Dictionary<string, string> LongNames = new(StringComparer.Ordinal)
    {
        ["-a"] = "--attach",
        ["-c"] = "--cpu-shares",
        ["-d"] = "--detach",
        ["-e"] = "--env",
        ["-h"] = "--hostname",
        ["-i"] = "--interactive",
        ["-l"] = "--label",
        ["-m"] = "--memory",
        ["-p"] = "--publish",
        ["-P"] = "--publish-all",
        ["-q"] = "--quiet",
        ["-t"] = "--tty",
        ["-u"] = "--user",
        ["-v"] = "--volume",
        ["-w"] = "--workdir",
        ["--net"] = "--network",
    };

    private static readonly HashSet<string> Switches = new(StringComparer.Ordinal)
    {
        "--detach", "--disable-content-trust", "--init", "--interactive", "--no-healthcheck", "--oom-kill-disable", "--privileged",
        "--publish-all", "--quiet", "--read-only", "--rm", "--sig-proxy", "--tty",
    };

    /// <summary>Arguments without effect, since Berth decides how the container runs and ends.</summary>
    public static IReadOnlySet<string> WithoutEffect { get; } = new HashSet<string>(StringComparer.Ordinal)
    {
        "--attach", "--detach", "--disable-content-trust", "--expose", "--interactive", "--pull", "--quiet", "--rm", "--sig-proxy", "--tty",
    };

    private const string NoNamespace = "namespaces of the host and of other containers are not shared";
    private const string NoAddress = "addresses and names are those of the codespace's network";
    private const string OfMachine = "limits come from the codespace's machine";
    private const string NoDevice = "a codespace has no devices of the host";
    private const string NoSteering = "it steers other programs of the host";

    /// <summary>The reasons why arguments are left out, by long name.</summary>
    public static IReadOnlyDictionary<string, string> Reasons { get; } = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["--privileged"] = "privileged mode would give the codespace the whole host; docker works inside without it",
        ["--cap-add"] = "added capabilities are not allowed, but for SYS_PTRACE",
        ["--security-opt"] = "security options stay as the engine's defaults are, which let debuggers work",
        ["--device"] = NoDevice,
        ["--device-cgroup-rule"] = NoDevice,
        ["--gpus"] = "a codespace has no GPUs",
        ["--pid"] = NoNamespace,
        ["--ipc"] = NoNamespace,
        ["--uts"] = NoNamespace,
        ["--userns"] = "the engine's users are as they are, and Berth gives the workspace to the remote user",
        ["--cgroupns"] = NoNamespace,
        ["--cgroup-parent"] = OfMachine,
        ["--network"] = "a codespace has its own network, in which its services find each other by name; forwardPorts brings ports to you",
        ["--link"] = NoAddress,
        ["--dns"] = NoAddress,
        ["--dns-option"] = NoAddress,
        ["--dns-search"] = NoAddress,
        ["--ip"] = NoAddress,
        ["--ip6"] = NoAddress,
        ["--mac-address"] = NoAddress,
        ["--add-host"] = "only 127.0.0.1 can have further names; the host is out of reach",
        ["--publish"] = "ports of the host are not published; use forwardPorts",
        ["--publish-all"] = "ports of the host are not published; use forwardPorts",
        ["--volumes-from"] = "mounts of other containers are not allowed",
        ["--volume-driver"] = "volumes are folders of the codespace's disk",
        ["--env"] = "it is written NAME=VALUE: there is no environment to take a value from",
        ["--label"] = NoSteering,
        ["--label-file"] = NoSteering,
        ["--log-driver"] = "other log drivers are not allowed",
        ["--log-opt"] = "other log drivers are not allowed",
        ["--runtime"] = "other runtimes are not allowed",
        ["--sysctl"] = "kernel settings are not allowed",
        ["--group-add"] = "additional groups are not allowed",
        ["--restart"] = "a codespace runs when Berth says so",
        ["--entrypoint"] = "overrideCommand and the entrypoints of features decide it",
        ["--platform"] = "this server's engine runs its own architecture",
        ["--ulimit"] = "it is no limit that a codespace may set",
        ["--memory"] = "it is no size such as 2g, of 64m at least",
        ["--memory-swap"] = OfMachine,
        ["--memory-reservation"] = OfMachine,
        ["--memory-swappiness"] = OfMachine,
        ["--cpu-shares"] = OfMachine,
        ["--cpu-period"] = OfMachine,
        ["--cpu-quota"] = OfMachine,
        ["--cpuset-cpus"] = OfMachine,
        ["--cpuset-mems"] = OfMachine,
        ["--pids-limit"] = OfMachine,
        ["--blkio-weight"] = OfMachine,
        ["--oom-kill-disable"] = "protection from the out-of-memory killer is not allowed",
        ["--oom-score-adj"] = "protection from the out-of-memory killer is not allowed",
        ["--storage-opt"] = "storage options are not allowed",
        ["--cidfile"] = "no file is written on the host",
        ["--stop-signal"] = "Berth decides how a codespace stops",
        ["--stop-timeout"] = "Berth decides how a codespace stops",
    };

    public static string NameOf(string name) => LongNames.GetValueOrDefault(name, name);

    public static bool IsSwitch(string name) => Switches.Contains(name);
}
