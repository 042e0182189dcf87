namespace Berth.Server.Codespaces.Compose;

/// <summary>Properties that a service of a compose file may not have, and those that are left out, with reasons for people.</summary>
internal static class ServiceRules
{
    /// <summary>A service that asks for one of these is not started.</summary>
    public static readonly IReadOnlyDictionary<string, string> Refused = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["provider"] = "it would run a program on the server",
    };

    /// <summary>Left out with a line in the log: the service works without.</summary>
    public static readonly IReadOnlyDictionary<string, string> Ignored = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["privileged"] = "privileged mode would give the codespace the whole host; docker works inside without it",
        ["security_opt"] = "security options stay as the engine's defaults are",
        ["devices"] = "host devices are not allowed",
        ["device_cgroup_rules"] = "host devices are not allowed",
        ["gpus"] = "host devices (GPUs included) are not allowed",
        ["pid"] = "another process namespace is not allowed",
        ["ipc"] = "another IPC namespace is not allowed",
        ["uts"] = "another UTS namespace is not allowed",
        ["userns_mode"] = "another user namespace is not allowed",
        ["cgroup"] = "another cgroup namespace is not allowed",
        ["cgroup_parent"] = "another cgroup is not allowed",
        ["runtime"] = "other runtimes are not allowed",
        ["isolation"] = "other runtimes are not allowed",
        ["sysctls"] = "kernel settings are not allowed",
        ["group_add"] = "additional groups are not allowed",
        ["volume_driver"] = "volume drivers are not used",
        ["external_links"] = "containers outside the codespace cannot be reached",
        ["credential_spec"] = "files of the host are not allowed",
        ["storage_opt"] = "storage options are not allowed",
        ["blkio_config"] = "limits come from the codespace's machine",
        ["oom_kill_disable"] = "protection from the out-of-memory killer is not allowed",
        ["oom_score_adj"] = "protection from the out-of-memory killer is not allowed",
        ["ports"] = "ports of the host are not published; services reach each other by name, and forwardPorts needs none",
        ["container_name"] = "names on the engine are Berth's; other services find it under this name as well",
        ["restart"] = "services start and stop with the codespace; an engine that starts again would start them before the firewall stands",
        ["deploy"] = "limits come from the codespace's machine",
        ["mem_limit"] = "limits come from the codespace's machine",
        ["mem_reservation"] = "limits come from the codespace's machine",
        ["memswap_limit"] = "limits come from the codespace's machine",
        ["mem_swappiness"] = "limits come from the codespace's machine",
        ["cpus"] = "limits come from the codespace's machine",
        ["cpu_count"] = "limits come from the codespace's machine",
        ["cpu_percent"] = "limits come from the codespace's machine",
        ["cpu_shares"] = "limits come from the codespace's machine",
        ["cpu_period"] = "limits come from the codespace's machine",
        ["cpu_quota"] = "limits come from the codespace's machine",
        ["cpu_rt_period"] = "limits come from the codespace's machine",
        ["cpu_rt_runtime"] = "limits come from the codespace's machine",
        ["cpuset"] = "limits come from the codespace's machine",
        ["pids_limit"] = "limits come from the codespace's machine",
        ["scale"] = "each service runs once",
        ["logging"] = "other log drivers are not allowed",
        ["labels"] = "labels steer other programs on the host",
        ["label_file"] = "labels steer other programs on the host",
        ["annotations"] = "they steer the host's runtime",
        ["extra_hosts"] = "services find each other by name, and the host is out of reach",
        ["dns"] = "names are resolved by the codespace's network",
        ["dns_opt"] = "names are resolved by the codespace's network",
        ["dns_search"] = "names are resolved by the codespace's network",
        ["domainname"] = "codespaces do not use it",
        ["mac_address"] = "the network chooses it",
        ["pull_policy"] = "Berth asks the registry at every start that makes a container",
        ["stop_grace_period"] = "Berth decides how a codespace stops",
        ["post_start"] = "use the lifecycle commands of devcontainer.json",
        ["pre_stop"] = "use the lifecycle commands of devcontainer.json",
    };

    /// <summary>Properties that do not change what runs.</summary>
    public static readonly IReadOnlySet<string> Silent = new HashSet<string>(StringComparer.Ordinal)
    {
        "expose",
        "attach",
        "develop",
        "extends",
        "profiles",
    };

    /// <summary>Properties that <see cref="ServiceReader"/> reads.</summary>
    public static readonly IReadOnlySet<string> Read = new HashSet<string>(StringComparer.Ordinal)
    {
        "image", "build", "command", "entrypoint", "environment", "env_file", "user", "working_dir", "hostname", "stop_signal", "tty",
        "stdin_open", "init", "read_only", "shm_size", "cap_add", "cap_drop", "ulimits", "healthcheck", "networks", "network_mode",
        "links", "depends_on", "volumes", "volumes_from", "tmpfs", "secrets", "configs", "use_api_socket", "platform",
    };

    public static void Check(ComposeMap service, string name, List<string> remarks, Refusals refusals)
    {
        foreach (var (key, value) in service.Entries.Where(
            entry => !entry.Value.IsUnset && !entry.Key.StartsWith("x-", StringComparison.Ordinal)))
        {
            if (Refused.TryGetValue(key, out var reason))
            {
                refusals.Add(value.Fault($"services.{name}.{key}: {reason}"));
            }
            else if (IsWithoutEffect(key, value))
            {
                continue;
            }
            else if (!Read.Contains(key) && !Silent.Contains(key))
            {
                remarks.Add(
                    $"{value.File}:{value.Line}: services.{name}.{key} is "
                        + $"ignored: {Ignored.GetValueOrDefault(key, "codespaces do not know it")}");
            }
        }
    }

    /// <summary>True when the property asks for what every container has anyway.</summary>
    private static bool IsWithoutEffect(string key, ComposeNode value) => value is ComposeText text && key switch
    {
        "ipc" => text.Value == "private",
        "privileged" => text.AsBoolean == false,
        _ => false,
    };
}
