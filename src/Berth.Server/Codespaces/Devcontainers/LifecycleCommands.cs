using System.Text.Json;

namespace Berth.Server.Codespaces.Devcontainers;

/// <summary>The commands of a dev container's life, and for which of them a start waits (containers.dev, "Lifecycle scripts").</summary>
internal static class LifecycleCommands
{
    private const string DefaultWaitFor = "updateContentCommand";

    private static readonly string[] InOrder =
        ["initializeCommand", "onCreateCommand", "updateContentCommand", "postCreateCommand", "postStartCommand", "postAttachCommand"];

    public static bool IsOne(string? name) => InOrder.Contains(name);

    public static bool IsAfter(string command, string waitFor) => Array.IndexOf(InOrder, command) > Array.IndexOf(InOrder, waitFor);

    /// <summary>Runs when the container is made, and not at later starts.</summary>
    public static bool RunsOnce(string command) => !IsAfter(command, "postCreateCommand");

    public static string WaitForOf(string configuration)
    {
        using var document = JsonDocument.Parse(configuration);
        return document.RootElement.TryGetProperty("waitFor", out var value)
            && value.ValueKind == JsonValueKind.String
            && IsOne(value.GetString())
            ? value.GetString()!
            : DefaultWaitFor;
    }
}
