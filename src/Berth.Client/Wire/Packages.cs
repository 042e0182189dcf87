using System.Text.Json.Serialization;

namespace Berth.Client.Wire;

/// <summary>A package in GitHub's form, with how it gets its access.</summary>
public sealed record Package
{
    public required long Id { get; init; }

    public required string Name { get; init; }

    /// <summary><c>container</c> or <c>npm</c>.</summary>
    public required string PackageType { get; init; }

    public required Account Owner { get; init; }

    public required long VersionCount { get; init; }

    /// <summary><c>public</c>, <c>internal</c> or <c>private</c>.</summary>
    public required string Visibility { get; init; }

    public required string Url { get; init; }

    public required string HtmlUrl { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public required DateTimeOffset UpdatedAt { get; init; }

    /// <summary>The linked repository. Only for those who may see it.</summary>
    public Repository? Repository { get; init; }

    /// <summary>Whether named roles on the linked repository count as roles on the package.</summary>
    public required bool InheritsAccess { get; init; }

    /// <summary>The number of pulls. A multi-platform image counts once, however many of its manifests a client fetches.</summary>
    public long PullCount { get; init; }

    /// <summary>The last time when it was pulled, or a client asked whether its content is current. Null: never.</summary>
    public DateTimeOffset? LastPulledAt { get; init; }

    /// <summary>
    /// Only when the visibility of the package differs from its repository's, with the command that would make them equal.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public VisibilityDifference? VisibilityDiffers { get; init; }

    /// <summary>
    /// Only in the answer to a change that made the package less open as a consequence, because it began to inherit from a less open
    /// repository.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public VisibilityTightening? VisibilityTightened { get; init; }
}

/// <summary>The visibility of a package before and after.</summary>
public sealed record VisibilityTightening
{
    public required string From { get; init; }

    public required string To { get; init; }

    /// <summary>The command that would open it again.</summary>
    public required string Command { get; init; }
}

/// <summary>A new package, or changes to a package. In a change, what is left out stays as it is.</summary>
public sealed record PackageChange : IRequestBody
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [OneOf("public", "internal", "private")]
    public string? Visibility { get; init; }

    /// <summary><c>owner/name</c> to link; <see cref="OptionalText.Null"/> takes the link off.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public OptionalText Repository { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? InheritAccess { get; init; }
}

/// <summary>A role to grant on a package.</summary>
public sealed record GrantedRole : IRequestBody
{
    [OneOf("read", "write", "admin")]
    public required string Role { get; init; }
}

/// <summary>One version. A version of a container package is one manifest.</summary>
public sealed record PackageVersion
{
    public required long Id { get; init; }

    /// <summary>The manifest's digest.</summary>
    public required string Name { get; init; }

    public required string Url { get; init; }

    public required string PackageHtmlUrl { get; init; }

    public required string HtmlUrl { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public required DateTimeOffset UpdatedAt { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DateTimeOffset? DeletedAt { get; init; }

    /// <summary>How often its manifest was sent.</summary>
    public long PullCount { get; init; }

    /// <summary>The last time when it was pulled, or a client asked whether its content is current. Null: never.</summary>
    public DateTimeOffset? LastPulledAt { get; init; }

    public required VersionMetadata Metadata { get; init; }

    /// <summary>The run that published it, as its CI system signed it. Null when no CI system confirmed one.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public PublishingRun? WorkflowRun { get; init; }
}

/// <summary>A run of a workflow, with the ref and the commit that it ran for.</summary>
public sealed record PublishingRun(string? Id, string? Ref, string? Sha);

public sealed record VersionMetadata
{
    public required string PackageType { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public TagMetadata? Container { get; init; }

    /// <summary>The dist-tags of an npm package, which GitHub does not have.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public TagMetadata? Npm { get; init; }

    /// <summary>The tags, whatever the type.</summary>
    [JsonIgnore]
    public IReadOnlyList<string> Tags => (Container ?? Npm)?.Tags ?? [];
}

/// <summary>The tags that point at it now.</summary>
public sealed record TagMetadata(IReadOnlyList<string> Tags);

/// <summary>Everything that gives access to a package, with where each entry comes from.</summary>
public sealed record PackageAccessList
{
    public required string Package { get; init; }

    public required string Visibility { get; init; }

    public string? Repository { get; init; }

    public required bool InheritsAccess { get; init; }

    /// <summary>Access without a grant: owners, members by <c>internal</c>, everyone by <c>public</c>.</summary>
    public required IReadOnlyList<AccessEntry> Implied { get; init; }

    /// <summary>Named roles on the linked repository, which count while the package inherits.</summary>
    public required IReadOnlyList<AccessEntry> Inherited { get; init; }

    public required IReadOnlyList<AccessEntry> Users { get; init; }

    public required IReadOnlyList<AccessEntry> Teams { get; init; }

    /// <summary>Repositories whose workflows have a role.</summary>
    public required IReadOnlyList<AccessEntry> Actions { get; init; }

    /// <summary>Repositories whose codespaces may pull.</summary>
    public required IReadOnlyList<AccessEntry> Codespaces { get; init; }
}

/// <param name="Name">A login, a team's slug, a repository's full name, or words that describe a group.</param>
/// <param name="Role"><c>read</c>, <c>write</c> or <c>admin</c>.</param>
public sealed record AccessEntry(string Name, string Role, string Source);

/// <summary>An answer to "may they, and why?".</summary>
public sealed record Explanation
{
    public required string Package { get; init; }

    public required string Action { get; init; }

    /// <summary>The tag in question.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Tag { get; init; }

    /// <summary>The subject of the question.</summary>
    public required string Principal { get; init; }

    public required bool Allowed { get; init; }

    /// <summary>The rule that decided it.</summary>
    public required string Reason { get; init; }

    /// <summary>What would add the missing right.</summary>
    public string? Remedy { get; init; }

    /// <summary>The rules in the order in which they were checked.</summary>
    public required IReadOnlyList<ExplanationRule> Rules { get; init; }
}

public sealed record ExplanationRule(bool Holds, string Rule);
