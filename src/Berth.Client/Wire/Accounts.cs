using System.Text.Json.Serialization;

namespace Berth.Client.Wire;

/// <summary>A user or an organization as it stands inside other things (GitHub's "simple user").</summary>
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

    /// <summary>Profiles only.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Name { get; init; }

    /// <summary>One's own profile, and for site administrators.</summary>
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

/// <summary>What a person changes of their own profile; null stays as it is.</summary>
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

/// <summary>An organization; the settings are there for its members only.</summary>
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

    /// <summary>
    /// What members may do with its repositories without being given anything: <c>none</c>, <c>read</c>, <c>write</c>, <c>admin</c>.
    /// </summary>
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

/// <summary>What an organization lets its members and workflows do with packages.</summary>
public sealed record OrganizationPackageSettings
{
    public required bool MembersCanCreatePublicPackages { get; init; }

    public required bool MembersCanCreateInternalPackages { get; init; }

    public required bool MembersCanCreatePrivatePackages { get; init; }

    public required bool WorkflowsCanCreatePackages { get; init; }

    /// <summary>Always with <c>private</c>: what is not allowed becomes private.</summary>
    public required IReadOnlyList<string> AllowedVisibilities { get; init; }

    /// <summary>Whether a link made by the label of an image pushed with a personal token switches inheritance on.</summary>
    public required bool InheritAccessOnLink { get; init; }

    /// <summary>What a workflow's first publish takes: <c>repository</c> (the repository's), <c>internal</c> or <c>private</c>.</summary>
    public required string FirstPublishVisibility { get; init; }

    /// <summary>How long a personal token may live that reaches the organization's packages; null: for ever.</summary>
    public required long? PersonalTokenMaxDays { get; init; }

    /// <summary>Whether personal tokens that are not narrowed to packages reach them.</summary>
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

    /// <summary>0 is for ever.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [Between(0, 3650)]
    public long? PersonalTokenMaxDays { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? UnrestrictedPersonalTokensAllowed { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? AllowedVisibilities { get; init; }
}

/// <summary>Somebody's place in an organization.</summary>
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

/// <summary>Somebody's role in an organization; <c>member</c> when it is not said.</summary>
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

    /// <summary>Its role on the repository whose teams are listed.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Permission { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public RepositoryPermissions? Permissions { get; init; }
}

/// <summary>A team to make, which needs a name, or what to change of one.</summary>
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

/// <summary>Somebody's role in a team; <c>member</c> when it is not said.</summary>
public sealed record TeamMembershipChange([property: OneOf("member", "maintainer")] string? Role) : IRequestBody;

/// <summary>A role on a repository; <c>pull</c> and <c>push</c> are GitHub's other words for read and write.</summary>
public sealed record PermissionChange([property: OneOf("pull", "push", "read", "triage", "write", "maintain", "admin")] string? Permission)
    : IRequestBody;
