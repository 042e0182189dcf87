namespace Berth.Server.Packages.Content;

/// <summary>One version of a package: live, or deleted and not yet removed.</summary>
internal sealed record VersionRow
{
    public long Id { get; init; }

    /// <summary>The manifest's digest for a container package.</summary>
    public string Name { get; init; } = "";

    public DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset UpdatedAt { get; init; }

    public DateTimeOffset? DeletedAt { get; init; }

    /// <summary>Read only for lists and pages.</summary>
    public long? Pulls { get; init; }

    public DateTimeOffset? LastPulledAt { get; init; }

    /// <summary>The verified run that published it, with its ref and commit. Null when no CI system confirmed one.</summary>
    public string? Run { get; init; }

    public string? Ref { get; init; }

    public string? CommitId { get; init; }
}
