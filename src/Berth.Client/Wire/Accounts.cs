using System.Text.Json.Serialization;

namespace Berth.Client.Wire;

/// <summary>A user or an organization as a part of other answers (GitHub's "simple user").</summary>
public record Account
{
    public required string Login { get; init; }

    public required long Id { get; init; }

    public required string NodeId { get; init; }

    public string AvatarUrl { get; init; } = "";

    public string GravatarId { get; init; } = "";

    public required string Url { get; init; }

    public required string HtmlUrl { get; init; }

    public required string OrganizationsUrl { get; init; }

    public required string ReposUrl { get; init; }

    /// <summary><c>User</c> or <c>Organization</c>.</summary>
    public required string Type { get; init; }

    public bool SiteAdmin { get; init; }

    /// <summary>Only in profiles.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Name { get; init; }

    /// <summary>Only in the caller's own profile, and for site administrators.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Email { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DateTimeOffset? CreatedAt { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DateTimeOffset? UpdatedAt { get; init; }
}

public sealed record NewUser : IRequestBody
{
    public required string Login { get; init; }

    [Longest(254)]
    public string? Email { get; init; }

    public string? Name { get; init; }
}

/// <summary>Changes to the caller's own profile. Null leaves a field as it is.</summary>
public sealed record ProfileChange : IRequestBody
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Name { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [Longest(254)]
    public string? Email { get; init; }
}

public sealed record NewOrganization : IRequestBody
{
    public required string Login { get; init; }

    /// <summary>The login of its first owner.</summary>
    public required string Admin { get; init; }

    public string? ProfileName { get; init; }
}

/// <summary>An organization. Only its members see the settings.</summary>
public sealed record Organization
{
    public required string Login { get; init; }

    public required long Id { get; init; }

    public required string NodeId { get; init; }

    public required string Url { get; init; }

    public required string HtmlUrl { get; init; }

    public required string ReposUrl { get; init; }

    public required string MembersUrl { get; init; }

    public string AvatarUrl { get; init; } = "";

    public string? Description { get; init; }

    public string? Name { get; init; }

    public string Type { get; init; } = "Organization";

    /// <summary>The role of members on its repositories without any grant: <c>none</c>, <c>read</c>, <c>write</c>, <c>admin</c>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? DefaultRepositoryPermission { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? MembersCanCreateRepositories { get; init; }

    public DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset UpdatedAt { get; init; }
}

public sealed record OrganizationChange : IRequestBody
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public OptionalText Name { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [OneOf("none", "read", "write", "admin")]
    public string? DefaultRepositoryPermission { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? MembersCanCreateRepositories { get; init; }
}

/// <summary>What an organization allows its members and workflows to do with packages.</summary>
public sealed record OrganizationPackageSettings
{
    public required bool MembersCanCreatePublicPackages { get; init; }

    public required bool MembersCanCreateInternalPackages { get; init; }

    public required bool MembersCanCreatePrivatePackages { get; init; }

    public required bool WorkflowsCanCreatePackages { get; init; }

    /// <summary>Always includes <c>private</c>, since a visibility that is not allowed becomes private.</summary>
    public required IReadOnlyList<string> AllowedVisibilities { get; init; }

    /// <summary>
    /// Whether inheritance is switched on when the label of an image that was pushed with a personal token links the package.
    /// </summary>
    public required bool InheritAccessOnLink { get; init; }

    /// <summary>
    /// The visibility of a package that a workflow publishes first: <c>repository</c> (the repository's), <c>internal</c> or
    /// <c>private</c>.
    /// </summary>
    public required string FirstPublishVisibility { get; init; }

    /// <summary>How many days a personal token may live to reach the organization's packages. Null: any time.</summary>
    public required long? PersonalTokenMaxDays { get; init; }

    /// <summary>Whether personal tokens that are not narrowed to packages reach the organization's packages.</summary>
    public required bool UnrestrictedPersonalTokensAllowed { get; init; }
}

public sealed record OrganizationPackageSettingsChange : IRequestBody
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? MembersCanCreatePublicPackages { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? MembersCanCreateInternalPackages { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? MembersCanCreatePrivatePackages { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? WorkflowsCanCreatePackages { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? InheritAccessOnLink { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [OneOf("repository", "internal", "private")]
    public string? FirstPublishVisibility { get; init; }

    /// <summary>0 means any time.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [Between(0, 3650)]
    public long? PersonalTokenMaxDays { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? UnrestrictedPersonalTokensAllowed { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? AllowedVisibilities { get; init; }
}

/// <summary>A person's membership in an organization.</summary>
public sealed record Membership
{
    public required string Url { get; init; }

    public string State { get; init; } = "active";

    /// <summary><c>admin</c> (an owner) or <c>member</c>.</summary>
    public required string Role { get; init; }

    public required string OrganizationUrl { get; init; }

    public required Account Organization { get; init; }

    public required Account User { get; init; }
}

/// <summary>A person's role in an organization. The default is <c>member</c>.</summary>
public sealed record MembershipChange([property: OneOf("admin", "member")] string? Role) : IRequestBody;

public sealed record Team
{
    public required long Id { get; init; }

    public required string NodeId { get; init; }

    public required string Name { get; init; }

    public required string Slug { get; init; }

    public string? Description { get; init; }

    public string Privacy { get; init; } = "closed";

    public required string Url { get; init; }

    public required string HtmlUrl { get; init; }

    public required string MembersUrl { get; init; }

    public required string RepositoriesUrl { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>The role on the repository whose teams are listed.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Permission { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public RepositoryPermissions? Permissions { get; init; }
}

/// <summary>A new team, which needs a name, or changes to a team.</summary>
public sealed record TeamChange : IRequestBody
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [Longest(100)]
    public string? Name { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    [Longest(1000)]
    public OptionalText Description { get; init; }
}

public sealed record TeamMembership
{
    public required string Url { get; init; }

    /// <summary><c>member</c> or <c>maintainer</c>.</summary>
    public required string Role { get; init; }

    public string State { get; init; } = "active";
}

/// <summary>A person's role in a team. The default is <c>member</c>.</summary>
public sealed record TeamMembershipChange([property: OneOf("member", "maintainer")] string? Role) : IRequestBody;

/// <summary>A role on a repository. <c>pull</c> and <c>push</c> are GitHub's other words for read and write.</summary>
public sealed record PermissionChange([property: OneOf("pull", "push", "read", "triage", "write", "maintain", "admin")] string? Permission)
    : IRequestBody;
