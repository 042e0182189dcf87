using System.Text.Json;
using System.Text.Json.Nodes;
using Berth.Server.Codespaces.Expansion;
using Berth.Server.Faults;
using Berth.Server.Oci;

namespace Berth.Server.Codespaces.Devcontainers;

/// <summary>
/// What of a devcontainer.json a codespace uses: a new configuration made of known, harmless properties, for the dev container tools'
/// <c>--override-config</c>. What was left out is reported. It is no boundary (an image label reaches past it), it makes failures
/// understandable.
/// </summary>
/// <param name="Source">Image, Dockerfile or compose.</param>
/// <param name="WorkspaceFolder">Where processes start: the mount target or a folder in it.</param>
/// <param name="RemoteUser">Null: the image decides.</param>
/// <param name="ContainerUser">Null: the image decides.</param>
internal sealed record DevcontainerConfiguration(
    DevcontainerSource Source, string MountTarget, string WorkspaceFolder, string? RemoteUser, string? ContainerUser,
    IReadOnlyList<string> Ignored)
{
    private readonly JsonObject _passed = [];

    /// <summary>Of the form <c>image</c>.</summary>
    public ImageReference? Image => (Source as ImageSource)?.Image;

    public IReadOnlyList<FeatureRequest> Features { get; init; } = [];

    /// <summary><c>overrideFeatureInstallOrder</c>.</summary>
    public IReadOnlyList<string> FeatureOrder { get; init; } = [];

    /// <summary>What the repository recommends to set.</summary>
    public IReadOnlyList<RecommendedSecret> Secrets { get; init; } = [];

    public HostRequirements? Requirements { get; init; }

    /// <summary>It has a <c>workspaceFolder</c>.</summary>
    public bool NamesFolder { get; init; }

    private static readonly string[] Passed =
    [
        "name", "remoteUser", "containerUser", "containerEnv", "remoteEnv", "onCreateCommand", "updateContentCommand", "postCreateCommand",
        "postStartCommand", "postAttachCommand", "waitFor", "userEnvProbe", "overrideCommand", "shutdownAction", "init", "forwardPorts",
        "portsAttributes", "otherPortsAttributes", "customizations", "secrets",
    ];

    private static readonly string[] ReadElsewhere =
    [
        "$schema", "image", "build", "dockerFile", "context", "dockerComposeFile", "service", "runServices", "features",
        "overrideFeatureInstallOrder",
        "hostRequirements", "workspaceFolder", "workspaceMount",
    ];

    private static readonly Dictionary<string, string> Reasons = new(StringComparer.Ordinal)
    {
        ["initializeCommand"] = "it would run on the server, not in the codespace",
        ["runArgs"] = "arguments of the container engine could reach past the codespace",
        ["mounts"] = "a codespace mounts its own workspace only",
        ["privileged"] = "privileged mode would give the codespace the whole host",
        ["capAdd"] = "added capabilities are not allowed",
        ["securityOpt"] = "security options stay as the engine's defaults are",
        ["appPort"] = "ports of the host are not published; use forwardPorts",
        ["updateRemoteUserUID"] = "Berth gives the workspace to the remote user",
    };

    /// <param name="repository">The repository's name: the workspace is mounted at <c>/workspaces/NAME</c>.</param>
    /// <exception cref="FaultException">It asks for a form that this version does not support, or is wrong.</exception>
    public static DevcontainerConfiguration From(DevcontainerFile file, string repository)
    {
        var config = new JsonObject();
        foreach (var (name, value) in JsonObject.Create(file.Content)!)
        {
            config[name] = ConfigurationVariables.Replace(
                value,
                variable => variable == "localWorkspaceFolderBasename" ? repository : ConfigurationVariables.LocalEnvironment(variable),
                file.Checkout.Budget, new TextPlace(file.Path, file.Lines.GetValueOrDefault(name)));
        }

        List<string> ignored = [];
        var (reader, refusals) = (new SourceReader(config, file, ignored), file.Checkout.Refusals);
        var source = refusals.Try(reader.Read) ?? new RefusedSource();
        var (target, folder) = WorkspacePlace.Read(config, file, repository, ignored);
        var result = new DevcontainerConfiguration(
            source, target, folder, refusals.Try(() => Text(config, "remoteUser", file.Path)),
            refusals.Try(() => Text(config, "containerUser", file.Path)), ignored)
        {
            Features = refusals.Try(reader.Features) ?? [],
            FeatureOrder = refusals.Try(reader.FeatureOrder) ?? [],
            Secrets = refusals.Try(reader.Secrets) ?? [],
            Requirements = refusals.Try(reader.Requirements),
            NamesFolder = config.ContainsKey("workspaceFolder"),
        };
        foreach (var (name, value) in config)
        {
            if (Passed.Contains(name)
                && (name != "waitFor"
                    || LifecycleCommands.IsOne(
                        value as JsonValue is { } word && word.TryGetValue<string>(out var command) ? command : null)))
            {
                refusals.Try(() => CheckType(name, value, file.Path));
                result._passed[name] = value?.DeepClone();
            }
            else if (name == "waitFor")
            {
                ignored.Add("waitFor is ignored: it must be the name of a lifecycle command");
            }
            else if (!ReadElsewhere.Contains(name))
            {
                ignored.Add($"{name} is ignored: {Reasons.GetValueOrDefault(name, "codespaces do not know it")}");
            }
        }

        return result;
    }

    /// <summary>The configuration for the dev container tools: with the pinned image and Berth's own mount.</summary>
    /// <param name="more">Properties that the configuration does not have are taken from here; of maps, single entries.</param>
    public string ToOverride(string pinnedImage, string workspaceSource, JsonObject? more = null)
    {
        var config = _passed.DeepClone().AsObject();
        foreach (var (name, value) in more ?? [])
        {
            if (config[name] is JsonObject own && value is JsonObject others)
            {
                foreach (var (key, entry) in others.Where(entry => !own.ContainsKey(entry.Key)))
                {
                    own[key] = entry?.DeepClone();
                }
            }
            else if (!config.ContainsKey(name))
            {
                config[name] = value?.DeepClone();
            }
        }

        config["image"] = pinnedImage;
        config["workspaceMount"] = $"type=bind,source={workspaceSource},target={MountTarget}";
        config["workspaceFolder"] = WorkspaceFolder;
        return config.ToJsonString();
    }

    internal static string? Text(JsonObject config, string name, string path) =>
        !config.TryGetPropertyValue(name, out var value) || value is null ? null
        : value.GetValueKind() == JsonValueKind.String && value.GetValue<string>() is { Length: > 0 } text ? text
        : throw new FaultException(FaultKind.Configuration, $"{path}: {name} must be a text that is not empty");

    private static void CheckType(string name, JsonNode? value, string path)
    {
        var fits = name switch
        {
            "containerEnv" or "remoteEnv" => value is null
                || (value is JsonObject map && map.All(entry => entry.Value is null || entry.Value.GetValueKind() == JsonValueKind.String)),
            _ when name.EndsWith("Command", StringComparison.Ordinal) && name != "overrideCommand" =>
                value is null || IsCommand(value) || (value is JsonObject several && several.All(entry => IsCommand(entry.Value))),
            "init" or "overrideCommand" => value is null || value.GetValueKind() is JsonValueKind.True or JsonValueKind.False,
            _ => true,
        };
        if (!fits)
        {
            throw new FaultException(FaultKind.Configuration, $"{path}: {name} has the wrong type");
        }
    }

    private static bool IsCommand(JsonNode? value) => value is JsonArray words
        ? words.All(word => word?.GetValueKind() == JsonValueKind.String)
        : value?.GetValueKind() == JsonValueKind.String;
}
