namespace Berth.Server.Packages.Content;

/// <summary>One version of a package, live or deleted and not yet gone.</summary>
internal sealed record VersionRow
{
    public long Id { get; init; }

    /// <summary>Of a container package the manifest's digest.</summary>
    public string Name { get; init; } = "";

    public DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset UpdatedAt { get; init; }

    public DateTimeOffset? DeletedAt { get; init; }

    /// <summary>Read where versions are shown.</summary>
    public long? Pulls { get; init; }

    public DateTimeOffset? LastPulledAt { get; init; }

    /// <summary>The verified run that published it, with its ref and commit; null where nobody vouched for one.</summary>
    public string? Run { get; init; }

    public string? Ref { get; init; }

    public string? CommitId { get; init; }
}
