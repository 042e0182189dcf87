using System.Text.Json.Serialization;

namespace Berth.Client.Wire;

/// <summary>A personal access token. Only the answer that creates it contains its value.</summary>
public sealed record Token
{
    public required long Id { get; init; }

    public required string Url { get; init; }

    public string? Note { get; init; }

    public required IReadOnlyList<string> Scopes { get; init; }

    /// <summary>Package patterns that narrow the token. Null when it is unrestricted.</summary>
    public IReadOnlyList<string>? Packages { get; init; }

    /// <summary>The value, which is shown only once.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [JsonPropertyName("token")]
    public string? Value { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset? ExpiresAt { get; init; }

    public DateTimeOffset? LastUsedAt { get; init; }
}

public sealed record NewToken : IRequestBody
{
    public string? Note { get; init; }

    public IReadOnlyList<string>? Scopes { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Packages { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DateTimeOffset? ExpiresAt { get; init; }
}

public sealed record NewWorkflowToken : IRequestBody
{
    public required WorkflowPermissions Permissions { get; init; }

    /// <summary>In seconds.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [Between(1, 24 * 3600)]
    public long? ExpiresIn { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Run { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Ref { get; init; }
}

public sealed record WorkflowPermissions
{
    [OneOf("read", "write")]
    public required string Packages { get; init; }
}

/// <summary>A token that stands for a workflow of one repository. Its value is shown only once.</summary>
public sealed record WorkflowToken
{
    public required long Id { get; init; }

    [JsonPropertyName("token")]
    public required string Value { get; init; }

    public required DateTimeOffset ExpiresAt { get; init; }

    public required WorkflowPermissions Permissions { get; init; }

    public required string Repository { get; init; }

    public string? Run { get; init; }

    public string? Ref { get; init; }
}
