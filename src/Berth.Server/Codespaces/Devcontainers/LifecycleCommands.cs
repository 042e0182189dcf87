using System.Text.Json;
using System.Text.Json.Nodes;

namespace Berth.Server.Codespaces.Devcontainers;

/// <summary>The moments of a dev container's life that have commands, in their order (containers.dev, "Lifecycle scripts").</summary>
internal enum LifecycleStage
{
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

    public static IReadOnlyList<LifecycleStage> All { get; } = Enum.GetValues<LifecycleStage>();

    /// <summary>Runs when the container is made, and not at later starts.</summary>
    public static bool RunsOnce(this LifecycleStage stage) => stage <= LifecycleStage.PostCreate;

    /// <summary>The property of devcontainer.json.</summary>
    public static string Property(this LifecycleStage stage) => stage switch
    {
        LifecycleStage.OnCreate => "onCreateCommand",
        LifecycleStage.UpdateContent => "updateContentCommand",
        LifecycleStage.PostCreate => "postCreateCommand",
        LifecycleStage.PostStart => "postStartCommand",
        _ => "postAttachCommand",
    };

    /// <summary>
    /// What <c>waitFor</c> names. <c>initializeCommand</c>, which never runs here, means that nothing is waited for: null.
    /// </summary>
    /// <returns>False when it names no command.</returns>
    public static bool TryParseWaitFor(string? text, out LifecycleStage? stage)
    {
        stage = All.Cast<LifecycleStage?>().FirstOrDefault(known => known!.Value.Property() == text);
        return stage is not null || text == "initializeCommand";
    }
}

/// <summary>What runs at one stage for one contributor: the repository's devcontainer.json, a feature, or an image.</summary>
/// <param name="Contributor">Null: devcontainer.json.</param>
/// <param name="Parts">They run side by side.</param>
internal sealed record LifecycleCommand(LifecycleStage Stage, string? Contributor, IReadOnlyList<LifecyclePart> Parts)
{
    /// <summary>
    /// In the three forms of containers.dev, "Formatting string vs. array properties"; null when there is nothing to run.
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
/// <param name="Name">Of several that run side by side; null of one alone.</param>
internal sealed record LifecyclePart(string? Name, IReadOnlyList<string> Arguments);
