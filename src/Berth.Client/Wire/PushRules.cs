using System.Text.Json.Serialization;

namespace Berth.Client.Wire;

/// <summary>
/// Who may create, move and delete tags by a rule: people with a role on the package, a team, or workflows of a repository. Exactly one of
/// them is given.
/// </summary>
public sealed record PushAllowance
{
    /// <summary>People with at least this role on the package.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [OneOf("write", "admin")]
    public string? Role { get; init; }

    /// <summary>The slug of a team of the organization.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Team { get; init; }

    /// <summary>Workflows of this repository, <c>owner/name</c>, with tokens that were exchanged for ID tokens of CI.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Workflow { get; init; }

    /// <summary>Only runs on this ref. It may end with a <c>*</c>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Ref { get; init; }

    /// <summary>Only runs in this environment.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Environment { get; init; }
}

/// <summary>A new rule.</summary>
public sealed record NewPushRule : IRequestBody
{
    /// <summary>The pattern of the tags. <c>*</c> stands for any characters.</summary>
    [Longest(128)]
    public required string Pattern { get; init; }

    /// <summary>Whether such a tag must stay on the version with which it was pushed.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? Immutable { get; init; }

    /// <summary>Who may create, move and delete such tags. Null: everybody who may push. Empty: nobody.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<PushAllowance>? Allow { get; init; }
}

/// <summary>A rule about tags.</summary>
public sealed record PushRule
{
    public required long Id { get; init; }

    /// <summary>The owner of the rule: <c>package</c> or <c>owner</c>.</summary>
    public required string Source { get; init; }

    public required string Pattern { get; init; }

    public required bool Immutable { get; init; }

    /// <summary>Null: everybody who may push. Empty: nobody.</summary>
    public required IReadOnlyList<PushAllowance>? Allow { get; init; }

    /// <summary>A login.</summary>
    public required string CreatedBy { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }
}

/// <summary>Recorded in the audit log: what was done although a rule refused it, and why.</summary>
public sealed record PushRuleOverride
{
    /// <summary>The version that the tag was put on. Null: the tag was removed.</summary>
    public required string? Version { get; init; }

    /// <summary>The administrator's own words.</summary>
    public required string Reason { get; init; }

    /// <summary>The words of the rule's refusal.</summary>
    public required string Refusal { get; init; }
}
