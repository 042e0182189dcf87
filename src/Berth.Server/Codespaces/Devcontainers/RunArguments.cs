using Berth.Server.Codespaces.Isolation;

namespace Berth.Server.Codespaces.Devcontainers;

/// <summary>The settings of <c>runArgs</c> that no other property of devcontainer.json has.</summary>
internal sealed record RunArguments
{
    public string? HostName { get; init; }

    public string? WorkingFolder { get; init; }

    public long? SharedMemory { get; init; }

    /// <summary>The memory in bytes. It counts only if it is less than the machine's.</summary>
    public long? Memory { get; init; }

    /// <summary>The processors. They count only if they are fewer than the machine's.</summary>
    public double? Cpus { get; init; }

    public bool ReadOnly { get; init; }

    public IReadOnlyList<string> DroppedCapabilities { get; init; } = [];

    public IReadOnlyList<ResourceLimit> ResourceLimits { get; init; } = [];

    public IReadOnlyList<string> LoopbackNames { get; init; } = [];

    /// <summary>Names on the codespace's network.</summary>
    public IReadOnlyList<string> Aliases { get; init; } = [];

    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    public ContainerPlan ApplyTo(ContainerPlan plan) => plan with
    {
        HostName = HostName ?? plan.HostName,
        WorkingFolder = WorkingFolder ?? plan.WorkingFolder,
        SharedMemory = SharedMemory ?? plan.SharedMemory,
        ReadOnly = plan.ReadOnly || ReadOnly,
        DroppedCapabilities = [.. plan.DroppedCapabilities.Union(DroppedCapabilities)],
        ResourceLimits = [
            .. ResourceLimits, .. plan.ResourceLimits.ExceptBy(ResourceLimits.Select(limit => limit.Name), limit => limit.Name),
        ],
        LoopbackNames = [.. plan.LoopbackNames.Union(LoopbackNames)],
        Network = plan.Network is ContainerNetwork.OfCodespace own
            ? new ContainerNetwork.OfCodespace([.. own.Aliases, .. Aliases])
            : plan.Network,
        Limits = plan.Limits with
        {
            Cpus = Math.Min(plan.Limits.Cpus, Cpus ?? double.MaxValue),
            MemoryBytes = Math.Min(plan.Limits.MemoryBytes, Memory ?? long.MaxValue),
        },
    };
}
