using System.Text.Json.Nodes;
using Berth.Server.Codespaces.Isolation;

namespace Berth.Server.Codespaces.Devcontainers;

/// <summary>
/// The merged metadata of images, features and devcontainer.json (containers.dev, "Merge logic"). The last single value counts, maps are
/// merged by key with the last value, and lists are joined. It holds only what a codespace honours.
/// </summary>
internal sealed record MergedConfiguration
{
    /// <summary>The properties of an entry that count here. All others are dropped.</summary>
    public static readonly string[] Properties =
    [
        "id", "remoteUser", "containerUser", "containerEnv", "remoteEnv", "onCreateCommand", "updateContentCommand", "postCreateCommand",
        "postStartCommand", "postAttachCommand", "waitFor", "userEnvProbe", "overrideCommand", "init", "entrypoint", "customizations",
        "forwardPorts", "portsAttributes", "otherPortsAttributes", "capAdd", "mounts",
    ];

    private const int MostMounts = 100;

    private static readonly string[] Probes = ["none", "interactiveShell", "loginShell", "loginInteractiveShell"];

    public string? RemoteUser { get; private init; }

    public string? ContainerUser { get; private init; }

    /// <summary>The kind of shell that is asked for the environment of processes.</summary>
    public string UserEnvProbe { get; private init; } = "loginInteractiveShell";

    /// <summary>Null: the default of the configuration's form applies.</summary>
    public bool? OverrideCommand { get; private init; }

    public bool Init { get; private init; }

    /// <summary>At least one entry asks for what debuggers need.</summary>
    public bool Debugging { get; private init; }

    /// <summary>Volumes and memory that images and features ask for; of two at one place the last.</summary>
    public IReadOnlyList<PlannedMount> Mounts { get; private init; } = [];

    /// <summary>Shell lines that run in this order, before the container's own command.</summary>
    public IReadOnlyList<string> Entrypoints { get; private init; } = [];

    public IReadOnlyDictionary<string, string> ContainerEnvironment { get; private init; } = new Dictionary<string, string>();

    /// <summary>Variables for processes. A null removes a variable.</summary>
    public IReadOnlyDictionary<string, string?> RemoteEnvironment { get; private init; } = new Dictionary<string, string?>();

    /// <summary>Null: nothing is waited for.</summary>
    public LifecycleStage? WaitFor { get; private init; } = LifecycleStages.DefaultWaitFor;

    /// <summary>The commands in the order in which they run.</summary>
    public IReadOnlyList<LifecycleCommand> Commands { get; private init; } = [];

    /// <param name="entries">The entries in ascending priority: the last one counts most.</param>
    public static MergedConfiguration Of(IReadOnlyList<JsonObject> entries)
    {
        var waitFor = (LifecycleStage?)LifecycleStages.DefaultWaitFor;
        foreach (var name in entries.Select(entry => Text(entry, "waitFor")))
        {
            waitFor = LifecycleStages.TryParseWaitFor(name, out var stage) ? stage : waitFor;
        }

        return new MergedConfiguration
        {
            RemoteUser = Last(entries, "remoteUser"),
            ContainerUser = Last(entries, "containerUser"),
            UserEnvProbe = entries.Select(entry => Text(entry, "userEnvProbe")).LastOrDefault(Probes.Contains) ?? "loginInteractiveShell",
            OverrideCommand = entries.Select(entry => Flag(entry, "overrideCommand")).LastOrDefault(value => value is not null),
            Init = entries.Any(entry => Flag(entry, "init") == true),
            Debugging = entries.SelectMany(entry => entry["capAdd"] as JsonArray ?? [])
                .Any(name => DevcontainerConfiguration.TextOf(name) is { } text && Capabilities.IsDebugging(text)),
            Mounts =
            [
                .. entries.SelectMany(entry => entry["mounts"] as JsonArray ?? []).Take(MostMounts)
                    .Select(mount => MountRequest.TryParse(mount, out _)?.WithoutFiles()).OfType<PlannedMount>()
                    .GroupBy(mount => mount.Target).Select(same => same.Last()),
            ],
            Entrypoints = [.. entries.Select(entry => Text(entry, "entrypoint")).OfType<string>()],
            ContainerEnvironment = Variables(entries, "containerEnv")
                .Where(variable => variable.Value is not null)
                .ToDictionary(variable => variable.Key, variable => variable.Value!, StringComparer.Ordinal),
            RemoteEnvironment = Variables(entries, "remoteEnv"),
            WaitFor = waitFor,
            Commands =
            [
                .. LifecycleStages.All.SelectMany(stage => entries
                    .Select(entry => LifecycleCommand.Of(stage, Text(entry, "id"), entry[stage.Property()]))
                    .OfType<LifecycleCommand>()),
            ],
        };
    }

    /// <summary>Returns an entry without the properties that no codespace honours.</summary>
    public static JsonObject Honoured(JsonObject entry) => new(
        entry.Where(property => Properties.Contains(property.Key))
            .Select(property => KeyValuePair.Create(property.Key, property.Value?.DeepClone())));

    private static string? Last(IReadOnlyList<JsonObject> entries, string name) =>
        entries.Select(entry => Text(entry, name)).LastOrDefault(value => value is not null);

    private static string? Text(JsonObject entry, string name) =>
        entry[name] is JsonValue value && value.TryGetValue<string>(out var text) && text.Length > 0 ? text : null;

    private static bool? Flag(JsonObject entry, string name) =>
        entry[name] is JsonValue value && value.TryGetValue<bool>(out var flag) ? flag : null;

    private static Dictionary<string, string?> Variables(IReadOnlyList<JsonObject> entries, string name)
    {
        Dictionary<string, string?> variables = new(StringComparer.Ordinal);
        foreach (var (key, value) in entries.SelectMany(entry => entry[name] as JsonObject ?? []))
        {
            if (VariableName.IsOne(key) && (value is null || TextOf(value) is not null))
            {
                variables[key] = value is null ? null : TextOf(value);
            }
        }

        return variables;
    }

    /// <summary>The text of a value. Null for what a variable cannot hold.</summary>
    private static string? TextOf(JsonNode value) =>
        DevcontainerConfiguration.TextOf(value) is { } text && !text.Contains('\0', StringComparison.Ordinal) ? text : null;
}
