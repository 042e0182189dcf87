using Berth.Server.Codespaces.Environment;

namespace Berth.Server.Codespaces.Gate;

/// <summary>What one codespace may touch on the engine: its own containers, one image, one workspace.</summary>
/// <param name="Codespace">The codespace's name; also the value of its label.</param>
/// <param name="Host">The server that owns it.</param>
/// <param name="Image">The only image that may be used, pinned by digest, exactly as the configuration names it.</param>
/// <param name="WorkspaceSource">The folder on the host that may be mounted.</param>
internal sealed record GateScope(string Codespace, string Host, string Image, string WorkspaceSource, string WorkspaceTarget)
{
    /// <summary>By which the tools look for it.</summary>
    public const string Label = BerthLabels.Codespace;

    /// <summary>What the codespace may see and handle.</summary>
    public GateContainers Containers { get; init; } = new();

    /// <summary>What the processes get that are started through the gate; null: nothing.</summary>
    public CodespaceEnvironment? Environment { get; init; }

    /// <summary>The engine's network that containers join, whatever they ask for. Null: none at all.</summary>
    public string? Network { get; init; }

    /// <summary>What each container may use; null: no limit.</summary>
    public MachineLimits? Limits { get; init; }

    /// <summary>Who connects to the gate's socket: the user of the codespace's sandbox. Null: the server itself.</summary>
    public int? User { get; init; }

    /// <summary>What Berth gives the container beside what the tools ask for; null: nothing.</summary>
    public GateAdditions? Additions { get; init; }

    public string ContainerName => ContainerNameOf(Codespace);

    public static string ContainerNameOf(string codespace) => "berth-" + codespace;
}
