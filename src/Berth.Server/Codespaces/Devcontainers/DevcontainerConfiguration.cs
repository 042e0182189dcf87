using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Berth.Server.Codespaces.Images;

namespace Berth.Server.Codespaces.Devcontainers;

/// <summary>
/// What of a devcontainer.json a codespace uses: a new configuration made of known, harmless properties, for the dev container tools' <c>--override-config</c>.
/// What was left out is reported. It is no boundary (an image label reaches past it), it makes failures understandable.
/// </summary>
/// <param name="Image">As written, variables replaced.</param>
/// <param name="MountTarget">Where the workspace lies in the container.</param>
/// <param name="WorkspaceFolder">Where processes start: the mount target or a folder in it.</param>
/// <param name="RemoteUser">Null: the image decides.</param>
/// <param name="ContainerUser">Null: the image decides.</param>
/// <param name="Ignored">One line for each property that was left out, with the reason.</param>
internal sealed partial record DevcontainerConfiguration(
    ImageReference Image, string MountTarget, string WorkspaceFolder, string? RemoteUser, string? ContainerUser, IReadOnlyList<string> Ignored)
{
    private readonly JsonObject _passed = [];

    private static readonly string[] Passed =
    [
        "name", "remoteUser", "containerUser", "containerEnv", "remoteEnv", "onCreateCommand", "updateContentCommand", "postCreateCommand",
        "postStartCommand", "postAttachCommand", "waitFor", "userEnvProbe", "overrideCommand", "shutdownAction", "init", "forwardPorts",
        "portsAttributes", "otherPortsAttributes", "customizations", "secrets",
    ];

    private static readonly Dictionary<string, string> Unsupported = new(StringComparer.Ordinal)
    {
        ["build"] = "building an image (build)",
        ["dockerFile"] = "building an image (dockerFile)",
        ["dockerComposeFile"] = "docker compose (dockerComposeFile)",
        ["features"] = "dev container features (features)",
    };

    private static readonly Dictionary<string, string> Reasons = new(StringComparer.Ordinal)
    {
        ["initializeCommand"] = "it would run on the server, not in the codespace",
        ["runArgs"] = "arguments of the container engine could reach past the codespace",
        ["mounts"] = "a codespace mounts its own workspace only",
        ["privileged"] = "privileged mode would give the codespace the whole host",
        ["capAdd"] = "added capabilities are not allowed",
        ["securityOpt"] = "security options stay as the engine's defaults are",
        ["appPort"] = "ports of the host are not published; use forwardPorts",
        ["workspaceMount"] = "Berth mounts the workspace",
        ["updateRemoteUserUID"] = "Berth gives the workspace to the remote user",
        ["hostRequirements"] = "machines cannot be chosen in this version",
        ["context"] = "it belongs to building an image",
        ["overrideFeatureInstallOrder"] = "it belongs to features",
    };

    /// <param name="file">What the repository says.</param>
    /// <param name="repository">The repository's name: the workspace is mounted at <c>/workspaces/NAME</c>.</param>
    /// <exception cref="CodespaceFaultException">It asks for a form that this version does not support, or is wrong.</exception>
    public static DevcontainerConfiguration From(DevcontainerFile file, string repository)
    {
        var config = JsonNode.Parse(Variables(file.Content.GetRawText()), documentOptions: new()
        {
            CommentHandling = JsonCommentHandling.Skip,
            AllowTrailingCommas = true,
        })!.AsObject();
        RefuseUnsupported(config, file.Path);
        var image = ImageOf(config, file.Path);
        List<string> ignored = [];
        var (target, folder) = Places(config, file.Path, repository, ignored);
        var result = new DevcontainerConfiguration(
            image, target, folder, Text(config, "remoteUser", file.Path), Text(config, "containerUser", file.Path), ignored);
        foreach (var (name, value) in config)
        {
            if (Passed.Contains(name))
            {
                CheckType(name, value, file.Path);
                result._passed[name] = value?.DeepClone();
            }
            else if (name is not ("image" or "$schema" or "workspaceFolder" or "workspaceMount" or "features"))
            {
                ignored.Add($"{name} is ignored: {Reasons.GetValueOrDefault(name, "codespaces do not know it")}");
            }
        }

        return result;
    }

    /// <summary>The configuration for the dev container tools: with the pinned image and Berth's own mount.</summary>
    public string ToOverride(string pinnedImage, string workspaceSource)
    {
        var config = _passed.DeepClone().AsObject();
        config["image"] = pinnedImage;
        config["workspaceMount"] = $"type=bind,source={workspaceSource},target={MountTarget}";
        config["workspaceFolder"] = WorkspaceFolder;
        return config.ToJsonString();
    }

    private static void RefuseUnsupported(JsonObject config, string path)
    {
        foreach (var (name, what) in Unsupported)
        {
            var used = config.TryGetPropertyValue(name, out var value) && value is not null && !(name == "features" && value is JsonObject { Count: 0 });
            if (used)
            {
                throw new CodespaceFaultException(
                    $"{path} uses {what}, which is not supported yet by this version; use \"image\" with an image that has been built before");
            }
        }
    }

    private static ImageReference ImageOf(JsonObject config, string path)
    {
        var text = Text(config, "image", path)
            ?? throw new CodespaceFaultException($"{path} names no image; add \"image\": \"registry/owner/image:tag\"");
        return ImageReference.TryParse(text, out var image, out var fault) ? image : throw new CodespaceFaultException($"{path}: image: {fault}");
    }

    private static (string Target, string Folder) Places(JsonObject config, string path, string repository, List<string> ignored)
    {
        var target = "/workspaces/" + repository;
        if (Text(config, "workspaceMount", path) is { } mount)
        {
            // Only its target is of interest; the source is always the codespace's own workspace.
            var named = mount.Split(',').Select(part => part.Split('=', 2)).FirstOrDefault(part => part.Length == 2 && part[0].Trim() is "target" or "dst" or "destination");
            if (named is not null && IsPlace(named[1].Trim()))
            {
                target = named[1].Trim();
            }

            ignored.Add($"workspaceMount is ignored except for its target: {Reasons["workspaceMount"]} (at {target})");
        }

        if (Text(config, "workspaceFolder", path) is not { } folder)
        {
            return (target, target);
        }

        if (!IsPlace(folder))
        {
            throw new CodespaceFaultException($"{path}: workspaceFolder must be an absolute path without '..', not '{folder}'");
        }

        var inside = folder == target || folder.StartsWith(target + "/", StringComparison.Ordinal);
        return inside ? (target, folder) : (folder, folder);
    }

    private static bool IsPlace(string path) => PlaceGrammar().IsMatch(path) && !path.Split('/').Any(segment => segment is ".." or ".");

    private static string? Text(JsonObject config, string name, string path) =>
        !config.TryGetPropertyValue(name, out var value) || value is null ? null
        : value.GetValueKind() == JsonValueKind.String && value.GetValue<string>() is { Length: > 0 } text ? text
        : throw new CodespaceFaultException($"{path}: {name} must be a text that is not empty");

    private static void CheckType(string name, JsonNode? value, string path)
    {
        var fits = name switch
        {
            "containerEnv" or "remoteEnv" => value is null
                || (value is JsonObject map && map.All(entry => entry.Value is null || entry.Value.GetValueKind() == JsonValueKind.String)),
            _ when name.EndsWith("Command", StringComparison.Ordinal) && name != "overrideCommand" =>
                value is null or JsonObject or JsonArray || value.GetValueKind() == JsonValueKind.String,
            "init" or "overrideCommand" => value is null || value.GetValueKind() is JsonValueKind.True or JsonValueKind.False,
            _ => true,
        };
        if (!fits)
        {
            throw new CodespaceFaultException($"{path}: {name} has the wrong type");
        }
    }

    /// <summary>
    /// <c>${localEnv:NAME:default}</c> sees nothing: the local environment is the server's. Replaced in the text, where a default cannot contain a quote.
    /// </summary>
    private static string Variables(string text) => LocalEnvironment().Replace(text, match => match.Groups["default"].Value);

    [GeneratedRegex(@"\$\{(localEnv|env):[^:}""]*(:(?<default>[^}""]*))?\}", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex LocalEnvironment();

    [GeneratedRegex(@"^/[A-Za-z0-9._/-]*[A-Za-z0-9._-]\z", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex PlaceGrammar();
}
