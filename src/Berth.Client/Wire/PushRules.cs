using System.Text.Json.Serialization;

namespace Berth.Client.Wire;

/// <summary>
/// Whom a rule lets create, move and delete tags: people with a role on the package, a team, or workflows of a repository. Exactly one.
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

    /// <summary>Workflows of this repository, <c>owner/name</c>, by tokens that were exchanged for ID tokens of CI.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Workflow { get; init; }

    /// <summary>Only runs on this ref; a <c>*</c> may stand at its end.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Ref { get; init; }

    /// <summary>Only runs in this environment.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Environment { get; init; }
}

/// <summary>A rule to add.</summary>
public sealed record NewPushRule : IRequestBody
{
    /// <summary>The tags that are meant: <c>*</c> stands for any characters.</summary>
    [Longest(128)]
    public required string Pattern { get; init; }

    /// <summary>Such a tag stays on the version that it is pushed with.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? Immutable { get; init; }

    /// <summary>Who may create, move and delete such tags; null: everybody who may push; empty: nobody.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<PushAllowance>? Allow { get; init; }
}

/// <summary>A rule about tags.</summary>
public sealed record PushRule
{
    public required long Id { get; init; }

    /// <summary><c>package</c> or <c>owner</c>: whose rule it is.</summary>
    public required string Source { get; init; }

    public required string Pattern { get; init; }

    public required bool Immutable { get; init; }

    /// <summary>Null: everybody who may push; empty: nobody.</summary>
    public required IReadOnlyList<PushAllowance>? Allow { get; init; }

    /// <summary>A login.</summary>
    public required string CreatedBy { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }
}

/// <summary>In the audit log: what was done although a rule refused it, and why.</summary>
public sealed record PushRuleOverride
{
    /// <summary>The version that the tag was put on; null: it was taken away.</summary>
    public required string? Version { get; init; }

    /// <summary>In the administrator's words.</summary>
    public required string Reason { get; init; }

    /// <summary>What the rule said.</summary>
    public required string Refusal { get; init; }
}
