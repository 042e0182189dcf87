using System.Text.Json.Serialization;

namespace Berth.Client.Wire;

/// <summary>
/// What is removed automatically from the packages of an account, or from one package. A package's own policy replaces the account's.
/// </summary>
public sealed record RetentionPolicy : IRequestBody
{
    /// <summary>False: nothing is removed here, neither by these rules nor by the account's.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? Enabled { get; init; }

    /// <summary>Versions with a tag that matches one of these patterns stay, whatever the rules say.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? KeepTags { get; init; }

    /// <summary>A version is removed if any of these rules removes it.</summary>
    public required IReadOnlyList<RetentionRule> Rules { get; init; }
}

/// <summary>Which versions are removed: those with only such tags, or without any, that fulfil all conditions of the rule.</summary>
public sealed record RetentionRule
{
    /// <summary>Patterns with <c>*</c>. The rule is about versions of whose tags each matches one of them.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Tags { get; init; }

    /// <summary>The rule is about versions without a tag that nothing holds. It never means npm versions.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? Untagged { get; init; }

    /// <summary>
    /// Patterns of numbers with <c>*</c>, such as <c>*-pr.*</c>. The rule is about npm versions with such a number and without a tag. Rules
    /// about tags never mean npm versions, which usually have no tag.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Versions { get; init; }

    /// <summary>This many of the newest versions that the rule is about stay.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [Between(0, 100_000)]
    public int? KeepNewest { get; init; }

    /// <summary>Counted from when the version was last pushed or restored, or got or lost a tag.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [Between(1, 36_500)]
    public int? OlderThanDays { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [Between(1, 36_500)]
    public int? NotPulledForDays { get; init; }

    /// <summary>
    /// Patterns with <c>{branch}</c>, <c>{tag}</c> or <c>{pr}</c>, such as <c>pr-{pr}</c>. A version whose tags all follow a ref is removed
    /// when the linked repository's ref is reported as deleted.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? ExpiresWith { get; init; }
}

/// <summary>A stored policy.</summary>
public sealed record RetentionSetting
{
    /// <summary>The owner of the policy: <c>package</c> or <c>owner</c>. Null: there is no policy.</summary>
    public required string? Source { get; init; }

    public required RetentionPolicy? Policy { get; init; }

    public DateTimeOffset? UpdatedAt { get; init; }
}

/// <summary>What a run would remove now.</summary>
public sealed record RetentionPreview
{
    /// <summary><c>owner/name</c>. Only in the preview for an account.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Package { get; init; }

    /// <summary><c>package</c>, <c>owner</c>, <c>request</c> (a policy to try) or null.</summary>
    public required string? Source { get; init; }

    public required IReadOnlyList<RetentionRemoval> Removes { get; init; }

    /// <summary>The number of versions that stay.</summary>
    public required int Keeps { get; init; }

    /// <summary>What would be removed if there were no immutable tags and no needs of others, each with the reason why it stays.</summary>
    public IReadOnlyList<RetentionRemoval> Protected { get; init; } = [];
}

/// <param name="Name">The manifest's digest, or the number of an npm version.</param>
/// <param name="Reason">The rule that removes it, or the version that it goes together with.</param>
public sealed record RetentionRemoval(long Id, string Name, IReadOnlyList<string> Tags, string Reason);

/// <summary>One run over one package.</summary>
public sealed record RetentionRun
{
    public required long Id { get; init; }

    public required string Package { get; init; }

    /// <summary><c>schedule</c>, <c>manual</c> or <c>ref</c>.</summary>
    public required string Cause { get; init; }

    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>Null: the run goes on, or was interrupted. What it removed stays removed.</summary>
    public DateTimeOffset? FinishedAt { get; init; }

    public required int Removed { get; init; }

    /// <summary>Only in the answer about one run.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<RetentionRemoval>? Removals { get; init; }
}

/// <summary>A deleted ref of a repository.</summary>
public sealed record GoneRef : IRequestBody
{
    /// <summary><c>refs/heads/feature/x</c>, <c>refs/tags/v1</c> or <c>refs/pull/7/merge</c>.</summary>
    public required string Ref { get; init; }
}
