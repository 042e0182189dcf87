using System.Text.Json.Nodes;

namespace Berth.Server.Codespaces.Isolation;

/// <summary>
/// Writes what the engine is asked for a container of a codespace: the one place that knows limits, hardening, networks and mounts. A
/// workspace, a volume and memory are all that is ever mounted; no port is published, and nothing of the host's is shared.
/// </summary>
/// <param name="workspace">The checkout on this host.</param>
internal sealed class ContainerPolicy(Codespace codespace, string workspace)
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
            ["NetworkMode"] = plan.Network switch
            {
                ContainerNetwork.SharedWith other => "container:" + other.Container,
                ContainerNetwork.None => "none",
                _ => EngineNames.NetworkOf(codespace.Name),
            },

            // Berth decides when a codespace runs: after a restart of the machine its firewall has to be there first.
            ["RestartPolicy"] = new JsonObject { ["Name"] = "no" },

            // What a container prints is kept on the host's disk, by default without end.
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
        var memory = new JsonObject(
            plan.Mounts.Where(mount => mount.Kind == PlannedMountKind.Memory)
                .Select(mount => KeyValuePair.Create(mount.Target, (JsonNode?)"nosuid,nodev")));
        if (plan.SecretsFolder is { } folder)
        {
            memory[folder] = "rw,nosuid,nodev,noexec,size=4m,mode=1777";
        }

        Set(config, "Tmpfs", memory.Count == 0 ? null : memory);
        return config;
    }

    private JsonArray Mounts(ContainerPlan plan) =>
    [
        .. plan.Mounts.Where(mount => mount.Kind != PlannedMountKind.Memory).Select(mount => (JsonNode?)new JsonObject
        {
            ["Type"] = mount.Kind == PlannedMountKind.Workspace ? "bind" : "volume",
            ["Source"] = mount.Kind == PlannedMountKind.Workspace ? workspace : mount.Source,
            ["Target"] = mount.Target,
            ["ReadOnly"] = mount.ReadOnly,
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
