using System.Text.Json.Serialization;

namespace Berth.Client.Wire;

/// <summary>A version by its names.</summary>
/// <param name="Name">The manifest's digest, or the number of an npm version.</param>
public sealed record VersionName(long Id, string Name, IReadOnlyList<string> Tags);

/// <summary>What depends on a version or a whole package.</summary>
public sealed record Dependants
{
    public required string Package { get; init; }

    /// <summary>How many live versions are meant.</summary>
    public required int Versions { get; init; }

    /// <summary>Null for a whole package.</summary>
    public VersionName? Version { get; init; }

    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>When the version, or a platform of it, was last pulled. Null: not since counting began.</summary>
    public DateTimeOffset? LastPulledAt { get; init; }

    /// <summary>Live indexes that list the version and would break without it.</summary>
    public IReadOnlyList<VersionName> Breaks { get; init; } = [];

    /// <summary>Signatures, attestations and everything else that refers to the version.</summary>
    public IReadOnlyList<VersionName> Referrers { get; init; } = [];

    /// <summary>What a deletion with <c>cascade</c> deletes too: versions that have no tag and that nothing else holds.</summary>
    public IReadOnlyList<VersionName> GoesAlong { get; init; } = [];

    /// <summary>Codespaces whose container was made from it, as far as the caller may know of them.</summary>
    public IReadOnlyList<RunningCodespace> Codespaces { get; init; } = [];

    /// <summary>How many other codespaces run it.</summary>
    public int OtherCodespaces { get; init; }

    /// <summary>Packages of this server that depend on it, as far as the caller may read them.</summary>
    public IReadOnlyList<DependantPackage> Packages { get; init; } = [];

    /// <summary>
    /// Images that were built upon it according to their annotations, as far as the caller may read them. They continue to work without it.
    /// </summary>
    public IReadOnlyList<BuiltImage> BuiltUpon { get; init; } = [];

    /// <summary>How many other images were built upon it.</summary>
    public int OtherBuiltUpon { get; init; }

    /// <summary>How many other packages depend on it.</summary>
    public int OtherPackages { get; init; }
}

/// <param name="Package"><c>owner/name</c>.</param>
/// <param name="Version">The digest of the image that was built.</param>
public sealed record BuiltImage(string Package, string Version, IReadOnlyList<string> Tags);

/// <param name="Package"><c>@owner/name</c>.</param>
/// <param name="Breaks">Whether one of its versions could no longer be installed.</param>
public sealed record DependantPackage(string Package, bool Breaks, IReadOnlyList<DependantVersion> Versions);

/// <param name="Name">The version that has the dependency.</param>
/// <param name="Range">The range of versions that it depends on, as its manifest writes it.</param>
public sealed record DependantVersion(string Name, string Range);

/// <param name="Version">The digest of the image that its container was made from.</param>
public sealed record RunningCodespace(string Name, string Owner, string Repository, string State, string Version);

/// <summary>The versions that a deletion removed.</summary>
public sealed record DeletedVersions(IReadOnlyList<VersionName> Deleted);

/// <summary>The versions that a restoration brought back.</summary>
public sealed record RestoredVersions
{
    public required IReadOnlyList<VersionName> Restored { get; init; }

    /// <summary>Tags that are on other versions now, and stay there.</summary>
    public required IReadOnlyList<MovedTag> TagsElsewhere { get; init; }
}

/// <param name="Version">The version that the tag is on now.</param>
public sealed record MovedTag(string Tag, string Version);

/// <summary>One move of a tag.</summary>
public sealed record TagMove
{
    public required DateTimeOffset At { get; init; }

    /// <summary>The version that the tag was on. Null: the tag was created.</summary>
    public string? From { get; init; }

    /// <summary>The version that the tag moved to. Null: the tag was deleted.</summary>
    public string? To { get; init; }

    /// <summary>Who moved it: a login, a repository's workflow, or a part of the server. Only for those who may push.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Actor { get; init; }

    /// <summary>The state of the version in <see cref="To"/>: <c>live</c>, <c>deleted</c> (it can be restored) or <c>gone</c>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? State { get; init; }
}

/// <summary>The version to put a tag on.</summary>
public sealed record TagTarget : IRequestBody
{
    /// <summary>A digest.</summary>
    public required string Version { get; init; }

    /// <summary>
    /// For admins of the package: moves the tag even if push rules refuse it. The audit log records this, with the reason.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? Override { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [Longest(1000)]
    public string? Reason { get; init; }
}
