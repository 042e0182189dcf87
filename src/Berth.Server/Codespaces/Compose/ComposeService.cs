using System.Text.Json.Nodes;
using Berth.Server.Codespaces.Dockerfiles;
using Berth.Server.Codespaces.Expansion;
using Berth.Server.Codespaces.Isolation;
using Berth.Server.Oci;

namespace Berth.Server.Codespaces.Compose;

/// <summary>
/// A service as a codespace runs it. It has only what was found harmless, in the form of the engine's API where it is passed to the engine.
/// </summary>
internal sealed record ComposeService(string Name)
{
    /// <summary>Null when the image is built.</summary>
    public ImageReference? Image { get; init; }

    public PlannedBuild? Build { get; init; }

    /// <summary>Null: the image's.</summary>
    public IReadOnlyList<string>? Entrypoint { get; init; }

    /// <summary>Null: the image's, unless there is an entrypoint.</summary>
    public IReadOnlyList<string>? Command { get; init; }

    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    public string? User { get; init; }

    public string? WorkingFolder { get; init; }

    public string? HostName { get; init; }

    public string? StopSignal { get; init; }

    public bool Terminal { get; init; }

    public bool Input { get; init; }

    public bool Init { get; init; }

    public bool ReadOnly { get; init; }

    public long? SharedMemory { get; init; }

    public IReadOnlyList<string> DroppedCapabilities { get; init; } = [];

    public bool Debugging { get; init; }

    public IReadOnlyList<ResourceLimit> ResourceLimits { get; init; } = [];

    /// <summary>In the engine's form.</summary>
    public JsonObject? HealthCheck { get; init; }

    /// <summary>Network names in addition to its own.</summary>
    public IReadOnlyList<string> Aliases { get; init; } = [];

    /// <summary>
    /// Its names for other services (<c>links: [db:database]</c>). All services share one network, so all of them can use the names.
    /// </summary>
    public IReadOnlyList<(string Service, string Alias)> Links { get; init; } = [];

    /// <summary>The service whose network it shares (<c>network_mode: service:db</c>).</summary>
    public string? NetworkOf { get; init; }

    public bool NoNetwork { get; init; }

    /// <summary>
    /// The services that it needs, and the condition that each must reach before it starts: <c>service_started</c>, <c>service_healthy</c>
    /// or <c>service_completed_successfully</c>.
    /// </summary>
    public IReadOnlyDictionary<string, string> Needs { get; init; } = new Dictionary<string, string>();

    public IReadOnlyList<PlannedMount> Mounts { get; init; } = [];

    /// <summary>The services whose mounts it has as well (<c>volumes_from</c>), and those that they have theirs from.</summary>
    public IReadOnlyList<MountsFrom> MountsFrom { get; init; } = [];
}

/// <summary>A service whose mounts another service has as well.</summary>
internal sealed record MountsFrom(string Service, bool ReadOnly, TextPlace Place);
