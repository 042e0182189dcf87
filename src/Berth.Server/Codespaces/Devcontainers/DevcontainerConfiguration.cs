using System.Text.Json;
using System.Text.Json.Nodes;
using Berth.Server.Codespaces.Expansion;
using Berth.Server.Codespaces.Isolation;
using Berth.Server.Faults;
using Berth.Server.Oci;

namespace Berth.Server.Codespaces.Devcontainers;

/// <summary>
/// The part of a devcontainer.json that a codespace uses: known, harmless properties. Everything else is left out and reported.
/// </summary>
/// <param name="WorkspaceFolder">The mount target or a folder in it.</param>
/// <param name="RemoteUser">Null: the image decides.</param>
/// <param name="ContainerUser">Null: the image decides.</param>
internal sealed record DevcontainerConfiguration(
    DevcontainerSource Source, string MountTarget, string WorkspaceFolder, string? RemoteUser, string? ContainerUser,
    IReadOnlyList<string> Ignored)
{
    private readonly JsonObject _passed = [];

    /// <summary>The image, if the configuration names one. Null for a Dockerfile or compose files.</summary>
    public ImageReference? Image => (Source as ImageSource)?.Image;

    public IReadOnlyList<FeatureRequest> Features { get; init; } = [];

    /// <summary><c>overrideFeatureInstallOrder</c>.</summary>
    public IReadOnlyList<string> FeatureOrder { get; init; } = [];

    /// <summary>The secrets that the repository recommends.</summary>
    public IReadOnlyList<RecommendedSecret> Secrets { get; init; } = [];

    public HostRequirements? Requirements { get; init; }

    /// <summary><c>initializeCommand</c>. Null: there is none.</summary>
    public LifecycleCommand? Initialize { get; init; }

    /// <summary>The mounts in addition to the workspace.</summary>
    public IReadOnlyList<PlannedMount> Mounts { get; private set; } = [];

    /// <summary>Whether docker inside is wanted. Null when the configuration does not say so explicitly.</summary>
    public bool? Docker => DockerForms.Said(_passed["customizations"]);

    /// <summary>The arguments of <c>docker run</c>. As in the reference implementation, they do not apply with a compose file.</summary>
    public RunArguments Arguments { get; private set; } = new();

    private static readonly string[] Passed =
    [
        "name", "remoteUser", "containerUser", "containerEnv", "remoteEnv", "onCreateCommand", "updateContentCommand", "postCreateCommand",
        "postStartCommand", "postAttachCommand", "waitFor", "userEnvProbe", "overrideCommand", "shutdownAction", "init", "forwardPorts",
        "portsAttributes", "otherPortsAttributes", "customizations", "secrets",
    ];

    private static readonly string[] ReadElsewhere =
    [
        "$schema", InitializeCommand.Property, "image", "build", "dockerFile", "context", "dockerComposeFile", "service", "runServices",
        "features", "overrideFeatureInstallOrder",
        "hostRequirements", "workspaceFolder", "workspaceMount", "mounts",

        // Properties for editors, from before there was "customizations".
        "extensions", "settings", "devPort",
    ];

    /// <summary>Properties that lead to files of the repository. These files are read outside the container.</summary>
    private static readonly string[] Paths =
        ["dockerFile", "dockerfile", "context", "dockerComposeFile", "workspaceMount", "workspaceFolder"];

    private static readonly Dictionary<string, string> Reasons = new(StringComparer.Ordinal)
    {
        ["runArgs"] = "with a compose file, its service says how it runs",
        ["privileged"] = "privileged mode would give the codespace the whole host; docker works inside without it",
        ["securityOpt"] = "security options stay as the engine's defaults are",
        ["appPort"] = "ports of the host are not published; use forwardPorts",
        ["updateRemoteUserUID"] = "Berth gives the workspace to the remote user",
    };

    /// <param name="repository">The workspace is mounted at <c>/workspaces/NAME</c>.</param>
    /// <param name="workspace">Where a compose service mounts the workspace. Null when none does.</param>
    /// <exception cref="FaultException">It becomes too large. Other faults are added to the checkout's refusals.</exception>
    public static DevcontainerConfiguration From(DevcontainerFile file, string repository, string? workspace = null)
    {
        var config = Replaced(
            JsonObject.Create(file.Content)!, file, [],
            variable => variable == "localWorkspaceFolderBasename" ? repository : ConfigurationVariables.LocalEnvironment(variable));
        List<string> ignored = [.. file.Remarks];
        var (target, folder) = WorkspacePlace.Read(config, file, repository, ignored);
        if (workspace is not null)
        {
            (target, folder) = (workspace, config.ContainsKey("workspaceFolder") ? folder : workspace);
        }

        config = Replaced(config, file, Paths, variable => variable switch
        {
            "localWorkspaceFolder" => target,
            "containerWorkspaceFolder" => folder,
            "containerWorkspaceFolderBasename" => folder[(folder.LastIndexOf('/') + 1)..],
            _ => null,
        });
        var (reader, refusals) = (new SourceReader(config, file, target, ignored), file.Checkout.Refusals);
        var source = refusals.Try(reader.Read) ?? new RefusedSource();
        var result = new DevcontainerConfiguration(
            source, target, folder, refusals.Try(() => Text(config, "remoteUser", file.Path)),
            refusals.Try(() => Text(config, "containerUser", file.Path)), ignored)
        {
            Features = refusals.Try(reader.Features) ?? [],
            FeatureOrder = refusals.Try(reader.FeatureOrder) ?? [],
            Secrets = refusals.Try(reader.Secrets) ?? [],
            Requirements = refusals.Try(reader.Requirements),
            Initialize = LifecycleCommand.Of(LifecycleStage.Initialize, null, config[InitializeCommand.Property]),
        };
        foreach (var (name, value) in config)
        {
            if (name == "runArgs" && source is not ComposeSource)
            {
                continue;
            }

            if (name == "capAdd")
            {
                result.AddCapabilities(value as JsonArray ?? []);
            }
            else if (Passed.Contains(name)
                && (name != "waitFor"
                    || LifecycleStages.TryParseWaitFor(
                        value as JsonValue is { } word && word.TryGetValue<string>(out var command) ? command : null, out _)))
            {
                var passed = LenientTypes.Read(
                    name, name is "containerEnv" or "remoteEnv" && value is JsonObject map ? Texts(map) : value?.DeepClone(),
                    reason => ignored.Add($"{name} {reason}"));
                refusals.Try(() => CheckType(name, passed, file.Path));
                result._passed[name] = passed;
            }
            else if (name == "waitFor")
            {
                ignored.Add("waitFor is ignored: it must be the name of a lifecycle command");
            }
            else if (!ReadElsewhere.Contains(name) && value?.ToJsonString() is not (null or "false" or "[]" or "{}" or "\"\""))
            {
                ignored.Add($"{name} is ignored: {Reasons.GetValueOrDefault(name, "codespaces do not know it")}");
            }
        }

        var mounts = new ConfigurationMounts(file, target, ignored);
        mounts.Add(config["mounts"]);
        if (source is not ComposeSource)
        {
            result.Arguments = new RunArgumentReader(file, result._passed, mounts, ignored).Read(config["runArgs"]);
        }

        if (DockerForms.IsPrivileged(config) || result.Features.Any(feature => DockerForms.IsFeature(feature.Id)) || result.Docker == true)
        {
            mounts.AddDocker();
        }

        result.Mounts = mounts.All;
        for (var i = 0; i < ignored.Count; i++)
        {
            ignored[i] = Placed(ignored[i], file);
        }

        return result;
    }

    /// <summary>Adds the file and line of the property to a message about it.</summary>
    private static string Placed(string line, DevcontainerFile file)
    {
        var end = line.AsSpan().IndexOfAny(" .:");
        return !file.Exists || line.StartsWith(file.Path, StringComparison.Ordinal) ? line
            : end > 0 && file.Lines.TryGetValue(line[..end], out var at) ? $"{file.Path}:{at}: {line}"
            : $"{file.Path}: {line}";
    }

    private void AddCapabilities(JsonArray names)
    {
        List<string> asked = [.. names.Select(name => TextOf(name) ?? "")];
        if (asked.Where(Capabilities.IsGiven).ToList() is { Count: > 0 } given)
        {
            _passed["capAdd"] = new JsonArray([.. given.Select(name => (JsonNode?)name)]);
        }

        if (asked.Where(name => !Capabilities.IsGiven(name)).ToList() is { Count: > 0 } withheld)
        {
            ((List<string>)Ignored)
                .Add($"capAdd: {string.Join(", ", withheld)} is left out: added capabilities are not allowed, but for SYS_PTRACE");
        }
    }

    /// <param name="kept">Properties that stay as they are, including those of <c>build</c>.</param>
    private static JsonObject Replaced(JsonObject config, DevcontainerFile file, string[] kept, Func<string, string?> valueOf)
    {
        var result = new JsonObject();
        foreach (var (name, value) in config)
        {
            var place = new TextPlace(file.Path, file.Lines.GetValueOrDefault(name));
            result[name] = kept.Contains(name) ? value?.DeepClone()
                : name == "build" && value is JsonObject build
                ? new JsonObject(build.Select(entry => KeyValuePair.Create(
                    entry.Key,
                    kept.Contains(entry.Key)
                        ? entry.Value?.DeepClone()
                        : ConfigurationVariables.Replace(entry.Value, valueOf, file.Checkout.Budget, place))))
                : ConfigurationVariables.Replace(value, valueOf, file.Checkout.Budget, place);
        }

        return result;
    }

    /// <summary>Turns numbers and booleans into text, as variables need it.</summary>
    private static JsonObject Texts(JsonObject map) => new(map.Select(entry => KeyValuePair.Create(
        entry.Key, TextOf(entry.Value) is { } text ? JsonValue.Create(text) : entry.Value?.DeepClone())));

    /// <summary>The text of a string, a number or a boolean. Null for anything else.</summary>
    internal static string? TextOf(JsonNode? value) => value?.GetValueKind() switch
    {
        JsonValueKind.String => value.GetValue<string>(),
        JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False => value.ToJsonString(),
        _ => null,
    };

    /// <summary>The image metadata that this configuration contributes (containers.dev, "Image metadata").</summary>
    public JsonObject Entry => MergedConfiguration.Honoured(_passed);

    /// <summary>Reads a text. Null also for an empty text, which is what a variable of the local environment leaves.</summary>
    internal static string? Text(JsonObject config, string name, string path) =>
        !config.TryGetPropertyValue(name, out var value) || value is null ? null
        : TextOf(value) is not { } text ? throw new FaultException(FaultKind.Configuration, $"{path}: {name} must be a text")
        : text.Length > 0 ? text
        : null;

    private static void CheckType(string name, JsonNode? value, string path)
    {
        var fits = name switch
        {
            "containerEnv" or "remoteEnv" => value is null
                || (value is JsonObject map && map.All(entry => entry.Value is null || entry.Value.GetValueKind() == JsonValueKind.String)),
            _ => true,
        };
        if (!fits)
        {
            throw new FaultException(FaultKind.Configuration, $"{path}: {name} has the wrong type");
        }
    }
}
