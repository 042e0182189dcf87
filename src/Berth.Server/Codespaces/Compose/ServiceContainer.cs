using System.Text.Json.Nodes;
using Berth.Server.Codespaces.Gate;
using Berth.Server.Codespaces.Networks;
using Berth.Server.Codespaces.Steps;

namespace Berth.Server.Codespaces.Compose;

/// <summary>A service beside the codespace's container, as it is started again.</summary>
/// <param name="Service">Its name; of the last entry, the container that people work in.</param>
/// <param name="Container">Its container's name; null for that last one.</param>
internal sealed record ServiceStart(string Service, string? Container, IReadOnlyDictionary<string, string> Needs);

/// <summary>
/// What the engine is asked for a service. Everything is written here from what <see cref="ServiceReader"/> judged: the mounts are the
/// codespace's own, the network is the codespace's or none, and the limits are part of its machine's.
/// </summary>
internal static class ServiceContainer
{
    /// <summary>No codespace's name has a dot.</summary>
    public static string NameOf(Codespace codespace, string service) => $"{GateScope.ContainerNameOf(codespace.Name)}.{service}";

    public static string VolumeOf(Codespace codespace, string volume) => $"{GateScope.ContainerNameOf(codespace.Name)}.{volume}";

    /// <param name="image">Pinned or built for it.</param>
    public static JsonObject Body(
        StartContext context, ComposeService service, string image, MachineLimits limits, string? joined, IReadOnlyList<string> aliases)
    {
        var config = HostConfig(context, service, joined);
        config["NetworkMode"] ??= service.NoNetwork ? "none" : CodespaceNetworks.NameOf(context.Codespace);
        config["RestartPolicy"] = new JsonObject { ["Name"] = "no" };
        config["LogConfig"] = new JsonObject
        {
            ["Type"] = "json-file",
            ["Config"] = new JsonObject { ["max-size"] = "10m", ["max-file"] = "2" },
        };
        config["NanoCpus"] = (long)(limits.Cpus * 1_000_000_000);
        config["Memory"] = limits.MemoryBytes;
        config["MemorySwap"] = limits.MemoryBytes;
        config["PidsLimit"] = limits.Processes;
        config["Mounts"] = Mounts(context, service, withWorkspace: true);
        var body = new JsonObject
        {
            ["Image"] = image,
            ["Env"] = new JsonArray([.. Environment(service).Select(entry => (JsonNode?)entry)]),
            ["Tty"] = service.Terminal,
            ["OpenStdin"] = service.Input,
            ["HostConfig"] = config,
        };
        Set(body, "Hostname", joined is null ? service.HostName : null);
        Set(body, "User", service.User);
        Set(body, "WorkingDir", service.WorkingFolder);
        Set(body, "StopSignal", service.StopSignal);
        Set(body, "Entrypoint", Strings(service.Entrypoint));
        Set(body, "Cmd", Strings(service.Command));
        Set(body, "Healthcheck", service.HealthCheck?.DeepClone());
        Set(body, "NetworkingConfig", joined is null && !service.NoNetwork ? Networking(context, aliases) : null);
        return body;
    }

    /// <summary>For the container that people work in, which the dev container tools make.</summary>
    public static GateAdditions Additions(StartContext context, ComposeService service, string? joined, IReadOnlyList<string> aliases) =>
        new(
            Mounts(context, service, withWorkspace: false), [.. Environment(service)], HostConfig(context, service, joined),
            joined is null ? Networking(context, aliases) : [], joined is null ? service.HostName : null)
        {
            Terminal = service.Terminal,
            Input = service.Input,
        };

    /// <summary>Of the image that people work in: what the tools have no words for. Empty when there is nothing to say.</summary>
    public static IEnumerable<string> Instructions(ComposeService service, bool withCommand)
    {
        foreach (var (copy, index) in service.Copies.Select((copy, index) => (copy, index)))
        {
            yield return "COPY " + Strings([$"copies/{index}", Quoted(copy.Target)])!.ToJsonString();
        }

        if (!withCommand)
        {
            yield break;
        }

        if (service.User is { } user)
        {
            yield return "USER " + Quoted(user);
        }

        if (service.WorkingFolder is { } folder)
        {
            yield return "WORKDIR " + Quoted(folder);
        }

        if (service.Entrypoint is { } entrypoint)
        {
            yield return "ENTRYPOINT " + Strings(entrypoint)!.ToJsonString();
        }

        if (service.Command is { } command)
        {
            yield return "CMD " + Strings(command)!.ToJsonString();
        }
    }

    private static JsonObject HostConfig(StartContext context, ComposeService service, string? joined)
    {
        var config = new JsonObject();
        Set(config, "NetworkMode", joined is null ? null : "container:" + joined);
        Set(config, "Init", service.Init ? true : null);
        Set(config, "ReadonlyRootfs", service.ReadOnly ? true : null);
        Set(config, "ShmSize", service.SharedMemory is { } size ? Math.Min(size, context.Machine.MemoryBytes) : null);
        Set(config, "CapDrop", service.DroppedCapabilities.Count == 0 ? null : Strings(service.DroppedCapabilities));
        var memory = service.Mounts.Where(mount => mount.Kind == ComposeMountKind.Memory).ToList();
        Set(
            config, "Tmpfs",
            memory.Count == 0
                ? null
                : new JsonObject(memory.Select(mount => KeyValuePair.Create(mount.Target, (JsonNode?)"nosuid,nodev"))));
        return config;
    }

    private static JsonArray Mounts(StartContext context, ComposeService service, bool withWorkspace)
    {
        var mounts = new JsonArray();
        foreach (var mount in service.Mounts)
        {
            if (mount.Kind == ComposeMountKind.Workspace && (withWorkspace || mount.Target != context.Prepared.MountTarget))
            {
                mounts.Add(
                    new JsonObject
                    {
                        ["Type"] = "bind",
                        ["Source"] = context.Workspace,
                        ["Target"] = mount.Target,
                        ["ReadOnly"] = mount.ReadOnly,
                    });
            }
            else if (mount.Kind == ComposeMountKind.Volume)
            {
                mounts.Add(new JsonObject
                {
                    ["Type"] = "volume",
                    ["Source"] = VolumeOf(context.Codespace, mount.Source),
                    ["Target"] = mount.Target,
                    ["ReadOnly"] = mount.ReadOnly,
                });
            }
        }

        return mounts;
    }

    private static JsonObject Networking(StartContext context, IReadOnlyList<string> aliases) => new()
    {
        ["EndpointsConfig"] = new JsonObject
        {
            [CodespaceNetworks.NameOf(context.Codespace)] = new JsonObject { ["Aliases"] = Strings(aliases) },
        },
    };

    private static IEnumerable<string> Environment(ComposeService service) =>
        service.Environment.Select(variable => $"{variable.Key}={variable.Value}");

    private static JsonArray? Strings(IReadOnlyList<string>? words) =>
        words is null ? null : new JsonArray([.. words.Select(word => (JsonNode?)word)]);

    private static void Set(JsonObject target, string name, JsonNode? value)
    {
        if (value is not null)
        {
            target[name] = value;
        }
    }

    /// <summary>Dockerfiles replace variables in these; a compose file's were replaced before.</summary>
    private static string Quoted(string text) =>
        text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("$", "\\$", StringComparison.Ordinal);
}
