using System.Text.Json;
using System.Text.Json.Nodes;

namespace Berth.Server.Codespaces.Devcontainers;

/// <summary>The moments of a dev container's life that have commands, in their order (containers.dev, "Lifecycle scripts").</summary>
internal enum LifecycleStage
{
    Initialize,
    OnCreate,
    UpdateContent,
    PostCreate,
    PostStart,
    PostAttach,
}

/// <summary>Names and rules of the stages.</summary>
internal static class LifecycleStages
{
    public const LifecycleStage DefaultWaitFor = LifecycleStage.UpdateContent;

    /// <summary>The stages of a container's own commands. Features and images have them, too.</summary>
    public static IReadOnlyList<LifecycleStage> All { get; } =
        [.. Enum.GetValues<LifecycleStage>().Where(stage => stage != LifecycleStage.Initialize)];

    /// <summary>True for a stage that runs only when the container is made, not at later starts.</summary>
    public static bool RunsOnce(this LifecycleStage stage) => stage <= LifecycleStage.PostCreate;

    /// <summary>The stage's property in devcontainer.json.</summary>
    public static string Property(this LifecycleStage stage) => stage switch
    {
        LifecycleStage.Initialize => InitializeCommand.Property,
        LifecycleStage.OnCreate => "onCreateCommand",
        LifecycleStage.UpdateContent => "updateContentCommand",
        LifecycleStage.PostCreate => "postCreateCommand",
        LifecycleStage.PostStart => "postStartCommand",
        _ => "postAttachCommand",
    };

    /// <summary>
    /// Parses the value of <c>waitFor</c>. <c>initializeCommand</c> ends before there is a container, so nothing is waited for: null.
    /// </summary>
    /// <returns>False when the text names no command.</returns>
    public static bool TryParseWaitFor(string? text, out LifecycleStage? stage)
    {
        stage = All.Cast<LifecycleStage?>().FirstOrDefault(known => known!.Value.Property() == text);
        return stage is not null || text == InitializeCommand.Property;
    }
}

/// <summary>The command of one stage and one contributor: the repository's devcontainer.json, a feature, or an image.</summary>
/// <param name="Contributor">Null: devcontainer.json.</param>
/// <param name="Parts">The processes of the command. They run in parallel.</param>
internal sealed record LifecycleCommand(LifecycleStage Stage, string? Contributor, IReadOnlyList<LifecyclePart> Parts)
{
    /// <summary>
    /// Reads a command in one of the three forms of containers.dev, "Formatting string vs. array properties". Null when there is nothing to
    /// run.
    /// </summary>
    public static LifecycleCommand? Of(LifecycleStage stage, string? contributor, JsonNode? value)
    {
        var parts = (value is JsonObject several
            ? several.Select(part => PartOf(part.Key, part.Value))
            : [PartOf(null, value)]).OfType<LifecyclePart>().ToList();
        return parts.Count == 0 ? null : new LifecycleCommand(stage, contributor, parts);
    }

    private static LifecyclePart? PartOf(string? name, JsonNode? value)
    {
        switch (value)
        {
            case JsonValue text when text.GetValueKind() == JsonValueKind.String && text.GetValue<string>() is { Length: > 0 } line:
                return new LifecyclePart(name, ["/bin/sh", "-c", line]);
            case JsonArray { Count: > 0 } words when words.All(word => word?.GetValueKind() == JsonValueKind.String):
                return new LifecyclePart(name, [.. words.Select(word => word!.GetValue<string>())]);
            default:
                return null;
        }
    }
}

/// <summary>One process of a lifecycle command.</summary>
/// <param name="Name">Its name, if several run in parallel. Null for a single process.</param>
internal sealed record LifecyclePart(string? Name, IReadOnlyList<string> Arguments);
