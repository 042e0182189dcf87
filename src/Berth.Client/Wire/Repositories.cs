using System.Text.Json.Serialization;

namespace Berth.Client.Wire;

/// <summary>A repository. Packages link to it, and codespaces clone it.</summary>
public sealed record Repository
{
    public required long Id { get; init; }

    public required string NodeId { get; init; }

    public required string Name { get; init; }

    public required string FullName { get; init; }

    public required Account Owner { get; init; }

    public required bool Private { get; init; }

    /// <summary><c>public</c>, <c>internal</c> or <c>private</c>.</summary>
    public required string Visibility { get; init; }

    public string? Description { get; init; }

    public bool Fork { get; init; }

    public required string Url { get; init; }

    public required string HtmlUrl { get; init; }

    public required string CollaboratorsUrl { get; init; }

    public required string TeamsUrl { get; init; }

    /// <summary>The URL that git clones. Null when none was given.</summary>
    public string? CloneUrl { get; init; }

    /// <summary>The forge's own immutable id for it.</summary>
    public string? ExternalId { get; init; }

    public required string DefaultBranch { get; init; }

    /// <summary>Whether codespaces get its submodules if its configuration does not say.</summary>
    public bool Submodules { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public required DateTimeOffset UpdatedAt { get; init; }

    public DateTimeOffset? PushedAt { get; init; }

    /// <summary>What the caller may do. Left out when the repository is a part of another answer.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public RepositoryPermissions? Permissions { get; init; }

    /// <summary>Only in lists of a team or a collaborator: the role on the repository.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? RoleName { get; init; }

    /// <summary>
    /// Only after a change of visibility: inheriting packages whose visibility now differs, each with the command that would change it.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<VisibilityDifference>? PackagesThatDiffer { get; init; }
}

/// <summary>A package whose visibility differs from its repository's.</summary>
public sealed record VisibilityDifference
{
    public required string Package { get; init; }

    public required string PackageVisibility { get; init; }

    public required string RepositoryVisibility { get; init; }

    /// <summary>The command that would make them equal.</summary>
    public required string Command { get; init; }
}

public sealed record RepositoryPermissions
{
    public bool Admin { get; init; }

    public bool Maintain { get; init; }

    public bool Push { get; init; }

    public bool Triage { get; init; }

    public bool Pull { get; init; }
}

/// <summary>A new repository, which needs a name, or changes to a repository.</summary>
public sealed record RepositoryChange : IRequestBody
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Name { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? DefaultBranch { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? Submodules { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    [Longest(4096)]
    public OptionalText CloneUrl { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [OneOf("public", "internal", "private")]
    public string? Visibility { get; init; }

    /// <summary>GitHub's older field for the visibility. If both are given, they must agree.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? Private { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    [Longest(1000)]
    public OptionalText Description { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public OptionalText ExternalId { get; init; }
}

public sealed record RepositoryTransfer : IRequestBody
{
    public required string NewOwner { get; init; }
}

/// <summary>A person with a role on a repository.</summary>
public sealed record Collaborator
{
    public required string Login { get; init; }

    public required long Id { get; init; }

    public required string Url { get; init; }

    public string Type { get; init; } = "User";

    public required RepositoryPermissions Permissions { get; init; }

    /// <summary><c>read</c>, <c>triage</c>, <c>write</c>, <c>maintain</c> or <c>admin</c>.</summary>
    public required string RoleName { get; init; }
}

public sealed record CollaboratorPermission
{
    /// <summary>
    /// <c>none</c>, <c>read</c>, <c>write</c> or <c>admin</c>. As on GitHub, triage counts as read and maintain as write.
    /// </summary>
    public required string Permission { get; init; }

    public required string RoleName { get; init; }

    public required Account User { get; init; }
}
