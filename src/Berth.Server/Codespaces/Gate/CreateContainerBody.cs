using System.Text.Json;
using System.Text.Json.Nodes;
using Berth.Server.Codespaces.Environment;

namespace Berth.Server.Codespaces.Gate;

/// <summary>
/// Judges the body of <c>POST /containers/create</c> and writes a new one from what was accepted. The engine never sees the client's own
/// bytes: it reads JSON keys without regard to case and lets the last of two win, so only a body written here says what was judged here.
/// </summary>
internal static class CreateContainerBody
{
    private const string Host = "HostConfig.";

    /// <summary>Why a field is refused, where the reason is more than "codespaces do not use it".</summary>
    private static readonly Dictionary<string, string> Reasons = new(StringComparer.Ordinal)
    {
        ["Privileged"] = "privileged mode is not allowed: it would give the container the whole host",
        ["CapAdd"] = "added capabilities are not allowed",
        ["Devices"] = "host devices are not allowed",
        ["DeviceRequests"] = "host devices (GPUs included) are not allowed",
        ["DeviceCgroupRules"] = "host devices are not allowed",
        ["SecurityOpt"] = "security options are not allowed: the engine's defaults stay on",
        ["PidMode"] = "another process namespace is not allowed",
        ["IpcMode"] = "another IPC namespace is not allowed",
        ["UTSMode"] = "another UTS namespace is not allowed",
        ["UsernsMode"] = "another user namespace is not allowed",
        ["CgroupnsMode"] = "another cgroup namespace is not allowed",
        ["Cgroup"] = "another cgroup is not allowed",
        ["CgroupParent"] = "another cgroup is not allowed",
        ["NetworkMode"] = "foreign networks and the host's are not allowed",
        ["Links"] = "links to other containers are not allowed",
        ["Runtime"] = "other runtimes are not allowed",
        ["Isolation"] = "other runtimes are not allowed",
        ["Binds"] = "mounts other than the codespace's own workspace are not allowed",
        ["Tmpfs"] = "mounts other than the codespace's own workspace are not allowed",
        ["VolumesFrom"] = "mounts of other containers are not allowed",
        ["VolumeDriver"] = "volume drivers are not allowed",
        ["Sysctls"] = "kernel settings are not allowed",
        ["PortBindings"] = "publishing ports on the host is not allowed; forwardPorts needs none",
        ["PublishAllPorts"] = "publishing ports on the host is not allowed; forwardPorts needs none",
        ["MaskedPaths"] = "unmasking kernel files is not allowed",
        ["ReadonlyPaths"] = "unmasking kernel files is not allowed",
        ["OomScoreAdj"] = "protection from the out-of-memory killer is not allowed",
        ["OomKillDisable"] = "protection from the out-of-memory killer is not allowed",
        ["GroupAdd"] = "additional groups are not allowed",
        ["LogConfig"] = "other log drivers are not allowed",
        ["RestartPolicy"] = "restart policies are not allowed: Berth decides when a codespace runs",
        ["AutoRemove"] = "Berth decides when a container is removed",
        ["ContainerIDFile"] = "files on the host are not allowed",
        ["ExtraHosts"] = "entries in the hosts file are not allowed",
    };

    /// <exception cref="GateRefusedException">A field asks for more than a codespace gets; the message names it.</exception>
    public static byte[] Rewrite(byte[] body, GateScope scope)
    {
        using var document = GateJson.Parse(body);
        var accepted = new JsonObject();
        foreach (var field in document.RootElement.EnumerateObject())
        {
            TopLevel(field, scope, accepted);
        }

        if (!accepted.ContainsKey("Image"))
        {
            throw new GateRefusedException(403, "the request names no image");
        }

        accepted["Labels"] ??= new JsonObject();
        foreach (var (label, value) in scope.Containers.Labels)
        {
            accepted["Labels"]![label] = value;
        }

        accepted["HostConfig"] ??= HostConfig(default, scope);
        accepted["HostConfig"]!["Mounts"] = new JsonArray(
            new JsonObject { ["Type"] = "bind", ["Source"] = scope.WorkspaceSource, ["Target"] = scope.WorkspaceTarget });
        if (scope.Environment is not null)
        {
            // For logins and tokens: never on a disk, and gone when the container stops.
            accepted["HostConfig"]!["Tmpfs"] = new JsonObject
            {
                [EnvironmentVariables.Folder] = "rw,nosuid,nodev,noexec,size=4m,mode=1777",
            };
        }

        scope.Additions?.AddTo(accepted);

        return JsonSerializer.SerializeToUtf8Bytes(accepted);
    }

    private static void TopLevel(JsonProperty field, GateScope scope, JsonObject accepted)
    {
        switch (field.Name)
        {
            case "Image":
                accepted["Image"] = field.Value.ValueKind == JsonValueKind.String && field.Value.GetString() == scope.Image
                    ? scope.Image
                    : throw new GateRefusedException(403, $"only the codespace's own image, {scope.Image}, may be used");
                break;
            case "User":
                accepted[field.Name] = GateJson.String(field);
                break;
            case "WorkingDir":
                accepted[field.Name] = GateJson.CheckFolder(GateJson.String(field));
                break;
            case "AttachStdin" or "AttachStdout" or "AttachStderr" or "Tty" or "OpenStdin" or "StdinOnce":
                accepted[field.Name] = GateJson.Boolean(field);
                break;
            case "Env" or "Cmd" or "Entrypoint":
                accepted[field.Name] = GateJson.Strings(field);
                break;
            case "Labels":
                accepted["Labels"] = Labels(field.Value, scope);
                break;
            case "HostConfig":
                accepted["HostConfig"] = HostConfig(field.Value, scope);
                break;
            case "NetworkingConfig":
                accepted["NetworkingConfig"] = Networks(field.Value, scope);
                break;

            // Says only what could be published; publishing itself is HostConfig.PortBindings.
            case "ExposedPorts":
                break;
            default:
                MustBeDefault("", field);
                break;
        }
    }

    private static JsonObject HostConfig(JsonElement config, GateScope scope)
    {
        var accepted = new JsonObject
        {
            ["NetworkMode"] = scope.Network ?? "none",
            ["RestartPolicy"] = new JsonObject { ["Name"] = "no" },

            // What a container prints is kept on the host's disk, by default without end.
            ["LogConfig"] = new JsonObject
            {
                ["Type"] = "json-file",
                ["Config"] = new JsonObject { ["max-size"] = "10m", ["max-file"] = "2" },
            },
        };
        if (scope.Limits is { } limits)
        {
            accepted["NanoCpus"] = (long)(limits.Cpus * 1_000_000_000);
            accepted["Memory"] = limits.MemoryBytes;
            accepted["MemorySwap"] = limits.MemoryBytes;
            accepted["PidsLimit"] = limits.Processes;
        }

        if (config.ValueKind is JsonValueKind.Null or JsonValueKind.Undefined)
        {
            return accepted;
        }

        foreach (var field in GateJson.Object(config, "HostConfig"))
        {
            switch (field.Name)
            {
                case "Init":
                    accepted["Init"] = GateJson.Boolean(field);
                    break;
                case "NetworkMode":
                    if (GateJson.String(field) is { } mode && mode is not ("" or "default") && mode != scope.Network)
                    {
                        throw Refused(Host, field.Name);
                    }

                    break;
                case "RestartPolicy":
                    CheckRestartPolicy(field);
                    break;
                case "Mounts":
                    CheckMounts(field.Value, scope);
                    break;

                case "LogConfig" when GateJson.IsUnset(field.Value):
                    break;

                // An empty list is no default here: it unmasks everything.
                case "MaskedPaths" or "ReadonlyPaths" when field.Value.ValueKind != JsonValueKind.Null:
                    throw Refused(Host, field.Name);

                // Minus one is docker's own way to say "unset".
                case "MemorySwappiness" when field.Value.ValueKind == JsonValueKind.Number
                    && field.Value.TryGetInt32(out var value)
                    && value == -1:
                    break;
                default:
                    MustBeDefault(Host, field);
                    break;
            }
        }

        return accepted;
    }

    private static void CheckRestartPolicy(JsonProperty field)
    {
        if (field.Value.ValueKind == JsonValueKind.Null)
        {
            return;
        }

        foreach (var part in GateJson.Object(field.Value, field.Name))
        {
            if (!GateJson.IsDefault(part.Value)
                && !(part.Name == "Name" && part.Value.ValueKind == JsonValueKind.String && part.Value.GetString() == "no"))
            {
                throw Refused(Host, field.Name);
            }
        }
    }

    /// <summary>The workspace and nothing else, with no option that could change what it is.</summary>
    private static void CheckMounts(JsonElement mounts, GateScope scope)
    {
        if (mounts.ValueKind == JsonValueKind.Null)
        {
            return;
        }

        if (mounts.ValueKind != JsonValueKind.Array)
        {
            throw new GateRefusedException(400, "HostConfig.Mounts must be an array");
        }

        foreach (var mount in mounts.EnumerateArray())
        {
            foreach (var field in GateJson.Object(mount, "HostConfig.Mounts[]"))
            {
                var expected = field.Name switch
                {
                    "Type" => "bind",
                    "Source" => scope.WorkspaceSource,
                    "Target" => scope.WorkspaceTarget,
                    _ => null,
                };
                var same = expected is null ? GateJson.IsDefault(field.Value) || field.Name == "Consistency"
                    : field.Value.ValueKind == JsonValueKind.String && field.Value.GetString() == expected;
                if (!same)
                {
                    throw new GateRefusedException(
                        403,
                        $"HostConfig.Mounts: mounts other than the codespace's own workspace are not allowed "
                            + $"({field.Name} {Short(field.Value)})");
                }
            }
        }

        if (mounts.GetArrayLength() > 1)
        {
            throw new GateRefusedException(403, "HostConfig.Mounts: the workspace is mounted once");
        }
    }

    /// <summary>
    /// Docker 28 sends an endpoint "default" with nothing in it; 20.10 sends none. On the codespace's own network a container may have
    /// names beside its own (services of a compose file), and no address of its choice.
    /// </summary>
    private static JsonObject? Networks(JsonElement config, GateScope scope)
    {
        if (config.ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        JsonObject? own = null;
        foreach (var field in GateJson.Object(config, "NetworkingConfig"))
        {
            if (GateJson.IsDefault(field.Value))
            {
                continue;
            }

            if (field.Name != "EndpointsConfig")
            {
                throw Refused("NetworkingConfig.", field.Name);
            }

            foreach (var endpoint in GateJson.Object(field.Value, "EndpointsConfig"))
            {
                if (endpoint.Name == scope.Network)
                {
                    own = new JsonObject { ["EndpointsConfig"] = new JsonObject { [scope.Network] = Endpoint(endpoint.Value) } };
                }
                else if (endpoint.Name != "default" || !GateJson.IsUnset(endpoint.Value))
                {
                    throw new GateRefusedException(403, "NetworkingConfig: foreign networks and addresses are not allowed");
                }
            }
        }

        return own;
    }

    /// <summary>A container's place on the codespace's own network: names, nothing else.</summary>
    internal static JsonObject Endpoint(JsonElement value)
    {
        var accepted = new JsonObject();
        if (value.ValueKind == JsonValueKind.Null)
        {
            return accepted;
        }

        foreach (var field in GateJson.Object(value, "EndpointsConfig"))
        {
            if (field.Name == "Aliases")
            {
                accepted["Aliases"] = GateJson.Strings(field);
            }
            else if (!GateJson.IsUnset(field.Value))
            {
                throw new GateRefusedException(403, $"NetworkingConfig: {field.Name}: foreign networks and addresses are not allowed");
            }
        }

        return accepted;
    }

    /// <summary>Labels steer other programs that watch the engine, so only the CLI's own pass.</summary>
    private static JsonObject Labels(JsonElement labels, GateScope scope)
    {
        var accepted = new JsonObject();
        if (labels.ValueKind == JsonValueKind.Null)
        {
            return accepted;
        }

        foreach (var label in GateJson.Object(labels, "Labels"))
        {
            var value = GateJson.String(label);
            accepted[label.Name] = label.Name switch
            {
                "devcontainer.metadata" or "devcontainer.local_folder" or "devcontainer.config_file" => value,
                GateScope.Label when value == scope.Codespace => value,
                _ => throw new GateRefusedException(403, $"the label {label.Name} is not allowed"),
            };
        }

        return accepted;
    }

    private static void MustBeDefault(string prefix, JsonProperty field)
    {
        if (!GateJson.IsDefault(field.Value))
        {
            throw Refused(prefix, field.Name);
        }
    }

    private static GateRefusedException Refused(string prefix, string field) =>
        new(403, $"{prefix}{field}: {Reasons.GetValueOrDefault(field, "not used by codespaces and therefore not allowed")}");

    private static string Short(JsonElement value)
    {
        var text = value.GetRawText();
        return text.Length <= 120 ? text : text[..120] + "…";
    }
}
