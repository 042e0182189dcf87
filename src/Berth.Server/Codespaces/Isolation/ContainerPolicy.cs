using System.Text.Json.Nodes;
using Berth.Server.Codespaces.Engine;

namespace Berth.Server.Codespaces.Isolation;

/// <summary>
/// Writes the engine's requests for the containers and builds of a codespace. This is the only place that knows limits, hardening, networks
/// and mounts. Only these things are ever mounted: a workspace, a volume, memory, the socket of the codespace's own engine, and Berth's SSH
/// server. No port is published, and nothing of the host is shared.
/// </summary>
/// <param name="docker">Whether the codespace has an engine of its own. Without one its socket is left out.</param>
internal sealed class ContainerPolicy(Codespace codespace, CodespaceFolders folders, bool docker = false)
{
    /// <summary>The body of <c>POST /containers/create</c>.</summary>
    public JsonObject Write(ContainerPlan plan)
    {
        var body = new JsonObject
        {
            ["Image"] = plan.Image,
            ["Env"] = Strings(plan.Environment.Select(variable => $"{variable.Key}={variable.Value}")),
            ["Tty"] = plan.Terminal,
            ["OpenStdin"] = plan.Input,
            ["Labels"] = Labels(plan),
            ["HostConfig"] = HostConfig(plan),
        };
        Set(body, "Hostname", plan.Network is ContainerNetwork.SharedWith ? null : plan.HostName);
        Set(body, "User", plan.User);
        Set(body, "WorkingDir", plan.WorkingFolder);
        Set(body, "StopSignal", plan.StopSignal);
        Set(body, "Entrypoint", plan.Entrypoint is null ? null : Strings(plan.Entrypoint));
        Set(body, "Cmd", plan.Command is null ? null : Strings(plan.Command));
        Set(body, "Healthcheck", plan.HealthCheck?.DeepClone());
        if (plan.Network is ContainerNetwork.OfCodespace own)
        {
            body["NetworkingConfig"] = new JsonObject
            {
                ["EndpointsConfig"] = new JsonObject
                {
                    [EngineNames.NetworkOf(codespace.Name)] = new JsonObject { ["Aliases"] = Strings(own.Aliases) },
                },
            };
        }

        return body;
    }

    /// <summary>
    /// The engine itself makes the containers for a build's commands. This is all that it is told about them.
    /// </summary>
    public EngineBuild Write(BuildPlan plan) => new(
        plan.Tag, plan.Dockerfile, plan.Target, plan.Arguments, plan.Labels, plan.NoCache, NetworkMode(plan.Network),
        plan.Limits.MemoryBytes, plan.Limits.Cpus, plan.Group);

    private string NetworkMode(ContainerNetwork network) => network switch
    {
        ContainerNetwork.SharedWith other => "container:" + other.Container,
        ContainerNetwork.None => "none",
        _ => EngineNames.NetworkOf(codespace.Name),
    };

    private JsonObject Labels(ContainerPlan plan)
    {
        var labels = new JsonObject();
        foreach (var (name, value) in plan.Labels)
        {
            labels[name] = value;
        }

        return labels;
    }

    private JsonObject HostConfig(ContainerPlan plan)
    {
        var config = new JsonObject
        {
            ["NetworkMode"] = NetworkMode(plan.Network),

            // Berth decides when a codespace runs: after a restart of the machine its firewall has to be there first.
            ["RestartPolicy"] = new JsonObject { ["Name"] = "no" },

            // The engine keeps a container's output on the host's disk, by default without a limit.
            ["LogConfig"] = new JsonObject
            {
                ["Type"] = "json-file",
                ["Config"] = new JsonObject { ["max-size"] = "10m", ["max-file"] = "2" },
            },
            ["NanoCpus"] = (long)(plan.Limits.Cpus * 1_000_000_000),
            ["Memory"] = plan.Limits.MemoryBytes,
            ["MemorySwap"] = plan.Limits.MemoryBytes,
            ["PidsLimit"] = plan.Limits.Processes,
            ["Mounts"] = Mounts(plan),
        };
        Set(config, "Init", plan.Init ? true : null);
        Set(config, "ReadonlyRootfs", plan.ReadOnly ? true : null);
        Set(config, "ShmSize", plan.SharedMemory is { } size ? Math.Min(size, plan.Limits.MemoryBytes) : null);
        Set(config, "CapDrop", plan.DroppedCapabilities.Count == 0 ? null : Strings(plan.DroppedCapabilities));

        // Debuggers see only the container's own processes, and the engine's filter of system calls stays.
        Set(config, "CapAdd", plan.Debugging ? Strings(["SYS_PTRACE"]) : null);
        Set(config, "Ulimits", plan.ResourceLimits.Count == 0 ? null : Limits(plan));
        Set(
            config, "ExtraHosts",
            plan.LoopbackNames.Count == 0 ? null : Strings(plan.LoopbackNames.Select(name => name + ":127.0.0.1")));
        var memory = new JsonObject(
            plan.Mounts.Where(mount => mount.Kind == PlannedMountKind.Memory)
                .Select(mount => KeyValuePair.Create(
                    mount.Target, (JsonNode?)(mount.MemoryOptions.Length == 0 ? "nosuid,nodev" : $"nosuid,nodev,{mount.MemoryOptions}"))));
        if (plan.SecretsFolder is { } folder)
        {
            var owner = plan.SecretsOwner.Split(':');
            memory[folder] = $"rw,nosuid,nodev,noexec,size=4m,mode=1777,uid={owner[0]},gid={owner[^1]}";
        }

        Set(config, "Tmpfs", memory.Count == 0 ? null : memory);
        return config;
    }

    private JsonArray Mounts(ContainerPlan plan) =>
    [
        .. plan.Mounts.Where(IsMade).Select(mount => (JsonNode?)new JsonObject
        {
            ["Type"] = mount.Kind == PlannedMountKind.Volume ? "volume" : "bind",
            ["Source"] = mount.Kind switch
            {
                PlannedMountKind.Workspace => folders.Workspace(codespace.ImageName),
                PlannedMountKind.Part => folders.Part(mount.Source),
                PlannedMountKind.Text => folders.Text(mount.Source),
                PlannedMountKind.Docker => folders.DockerSocket,
                _ => EngineNames.VolumeOf(codespace.Name, mount.Source),
            },
            ["Target"] = mount.Target,
            ["ReadOnly"] = mount.ReadOnly,
        }),
        .. plan.SshServerFolder is not { } folder ? [] : new[]
        {
            (JsonNode?)new JsonObject { ["Type"] = "bind", ["Source"] = folders.SshServer, ["Target"] = folder, ["ReadOnly"] = true },
        },
    ];

    private bool IsMade(PlannedMount mount) => mount.Kind switch
    {
        PlannedMountKind.Memory => false,
        PlannedMountKind.Docker => docker,
        _ => true,
    };

    private static JsonArray Limits(ContainerPlan plan) =>
    [
        .. plan.ResourceLimits.Select(limit => (JsonNode?)new JsonObject
        {
            ["Name"] = limit.Name,
            ["Soft"] = limit.Soft,
            ["Hard"] = limit.Hard,
        }),
    ];

    private static JsonArray Strings(IEnumerable<string> words) => [.. words.Select(word => (JsonNode?)word)];

    private static void Set(JsonObject target, string name, JsonNode? value)
    {
        if (value is not null)
        {
            target[name] = value;
        }
    }
}
