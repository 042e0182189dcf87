using System.Formats.Tar;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Berth.Server.Codespaces.Devcontainers;

namespace Berth.Server.Codespaces.Features;

/// <summary>A feature with its content, ready to be installed (containers.dev, "Features").</summary>
/// <param name="Version">Keeps apart two contents of one name. It is the digest, or nothing for a folder.</param>
internal sealed partial record Feature(
    FeatureName Name, string Version, JsonObject Metadata, IReadOnlyDictionary<string, string> Options,
    Func<TarWriter, string, CancellationToken, Task> Write)
{
    public const string MetadataFile = "devcontainer-feature.json";

    private static readonly string[] Commands =
        [
            "onCreateCommand", "updateContentCommand", "postCreateCommand", "postStartCommand", "postAttachCommand",
        ];

    /// <summary>Two features with the same key are one and the same.</summary>
    public string Key => KeyOf(Name, Version, Options);

    public static string KeyOf(FeatureName name, string version, IReadOnlyDictionary<string, string> options) =>
        string.Join(
            '\n',
            [
                name.Resource,
                version,
                string.Join(
                    '\n', options.OrderBy(option => option.Key, StringComparer.Ordinal).Select(option => $"{option.Key}={option.Value}")),
            ]);

    /// <summary>Features that must be installed before this one. They are installed even if nobody asks for them.</summary>
    public JsonObject DependsOn => Metadata["dependsOn"] as JsonObject ?? [];

    /// <summary>Features that come before this one if they are installed at all.</summary>
    public IEnumerable<string> InstallsAfter => TextsOf(Metadata["installsAfter"]);

    /// <summary>The feature's former names.</summary>
    public IEnumerable<string> FormerNames
    {
        get
        {
            var parent = Name.Resource[..(Name.Resource.LastIndexOf('/') + 1)];
            return TextsOf(Metadata["legacyIds"]).Select(id => parent + id);
        }
    }

    /// <summary>Variables that it adds to the image.</summary>
    public IReadOnlyDictionary<string, string> Environment =>
        (Metadata["containerEnv"] as JsonObject ?? []).Where(
            entry => entry.Value?.GetValueKind() == JsonValueKind.String && VariableName.IsOne(entry.Key))
            .ToDictionary(entry => entry.Key, entry => entry.Value!.GetValue<string>(), StringComparer.Ordinal);

    /// <summary>The part that concerns the container rather than the image, for the label <c>devcontainer.metadata</c>.</summary>
    public JsonObject Label()
    {
        var label = new JsonObject { ["id"] = Name.Text };
        foreach (var name in Commands.Concat(["init", "entrypoint", "customizations"]))
        {
            if (Metadata[name] is { } value && !(name == "entrypoint" && DockerForms.IsEntrypoint(value, Name.Text)))
            {
                label[name] = value.DeepClone();
            }
        }

        foreach (var name in new[] { "capAdd", "mounts" })
        {
            if (ImageMetadata.Part(name, Metadata[name]).Kept is JsonArray kept)
            {
                label[name] = kept;
            }
        }

        if (WantsDocker)
        {
            DockerForms.Add(label);
        }

        return label;
    }

    /// <summary>The feature asks for docker inside.</summary>
    public bool WantsDocker => DockerForms.IsAskedBy(Metadata, Name.Text);

    /// <summary>What the feature asks for and does not get, for the log.</summary>
    public IEnumerable<string> Withheld()
    {
        if (DockerForms.IsPrivileged(Metadata))
        {
            yield return $"the feature {Name.Text} asks for privileged mode, which it does not get: docker works inside without it";
        }

        foreach (var mount in (ImageMetadata.Part("mounts", Metadata["mounts"]).Withheld as JsonArray ?? [])
            .OfType<JsonNode>()
            .Select(mount => mount is JsonObject ? mount.ToJsonString() : mount.ToString()))
        {
            yield return $"the feature {Name.Text} asks for the mount {mount}, which it does not get: no codespace has "
                + "files of a host";
        }

        if (TextsOf(ImageMetadata.Part("capAdd", Metadata["capAdd"]).Withheld).ToList() is { Count: > 0 } capabilities)
        {
            yield return $"the feature {Name.Text} asks for the capabilities {string.Join(", ", capabilities)}, which it does not get";
        }

        if (TextsOf(Metadata["securityOpt"]).ToList() is { Count: > 0 } options)
        {
            yield return $"the feature {Name.Text} asks for the security options {string.Join(", ", options)}, which it does not get: the "
                + "engine's defaults stay on";
        }
    }

    /// <summary>The options that the feature declares, with the given values instead of its defaults.</summary>
    public static Dictionary<string, string> OptionsOf(JsonObject metadata, JsonObject given)
    {
        Dictionary<string, string> options = new(StringComparer.Ordinal);
        foreach (var (name, declared) in metadata["options"] as JsonObject ?? [])
        {
            if (declared is JsonObject about && about["default"] is { } value && DevcontainerConfiguration.TextOf(value) is { } text)
            {
                options[name] = text;
            }
        }

        foreach (var (name, value) in given)
        {
            if (value is not null && DevcontainerConfiguration.TextOf(value) is { } text)
            {
                options[name] = text;
            }
        }

        return options;
    }

    /// <summary>The variable that an option becomes (containers.dev, "Option Resolution").</summary>
    public static string VariableOf(string option) => LeadingDigits().Replace(NotWord().Replace(option, "_"), "_").ToUpperInvariant();

    private static IEnumerable<string> TextsOf(JsonNode? node) =>
        (node as JsonArray ?? []).Where(item => item?.GetValueKind() == JsonValueKind.String).Select(item => item!.GetValue<string>());

    [GeneratedRegex("[^A-Za-z0-9_]", RegexOptions.NonBacktracking)]
    private static partial Regex NotWord();

    [GeneratedRegex("^[0-9_]+", RegexOptions.NonBacktracking)]
    private static partial Regex LeadingDigits();
}
