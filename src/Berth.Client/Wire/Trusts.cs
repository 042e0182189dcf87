using System.Text.Json.Serialization;

namespace Berth.Client.Wire;

/// <summary>Says whose ID tokens stand for workflows of a repository, or of an organization's repositories.</summary>
public sealed record OidcTrust
{
    public required long Id { get; init; }

    /// <summary>Null for a trust of one repository.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Organization { get; init; }

    /// <summary>Null for a trust of an organization.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Repository { get; init; }

    public required string Provider { get; init; }

    public required string Issuer { get; init; }

    public required string Audience { get; init; }

    /// <summary>The claim with the trusted id.</summary>
    public required string Claim { get; init; }

    public required string Value { get; init; }

    /// <summary>For an organization: the claim whose value is searched among the <c>external_id</c>s of its repositories.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? RepositoryClaim { get; init; }

    public required string? Ref { get; init; }

    public required string? Environment { get; init; }

    public required string? Event { get; init; }

    public required WorkflowPermissions Permissions { get; init; }

    /// <summary>A login.</summary>
    public required string CreatedBy { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }
}

/// <summary>A new trust. What is left out comes from the kind of the CI system.</summary>
public sealed record NewOidcTrust : IRequestBody
{
    /// <summary>The default is <c>other</c>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [OneOf("github", "gitlab", "forgejo", "gitea", "buildkite", "circleci", "other")]
    public string? Provider { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Issuer { get; init; }

    /// <summary>The default is the server's URL followed by the owner's login.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Audience { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Claim { get; init; }

    /// <summary>The default is the repository's <c>external_id</c>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Value { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? RepositoryClaim { get; init; }

    /// <summary>A full ref, such as <c>refs/heads/main</c>, or one with <c>*</c> at the end. Left out: any ref.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Ref { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Environment { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Event { get; init; }

    public required WorkflowPermissions Permissions { get; init; }
}
