using System.Text.Json.Serialization;

namespace Berth.Client.Wire;

/// <summary>
/// What is removed by itself from the packages of an account, or from one package, whose own policy replaces the account's.
/// </summary>
public sealed record RetentionPolicy : IRequestBody
{
    /// <summary>False: nothing is removed here, neither by these rules nor by the account's.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? Enabled { get; init; }

    /// <summary>Versions with a tag that matches one of these patterns stay, whatever the rules say.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? KeepTags { get; init; }

    /// <summary>A version that one of them removes is removed.</summary>
    public required IReadOnlyList<RetentionRule> Rules { get; init; }
}

/// <summary>Which versions go: those with only such tags, or without any, for which everything holds that the rule asks.</summary>
public sealed record RetentionRule
{
    /// <summary>Patterns with <c>*</c>. A version is meant when every one of its tags matches one of them.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Tags { get; init; }

    /// <summary>Versions without a tag that nothing holds; no npm versions.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? Untagged { get; init; }

    /// <summary>
    /// Patterns of numbers with <c>*</c>, such as <c>*-pr.*</c>: npm versions with such a number that no tag is on. Other rules than those
    /// of tags do not mean npm versions, for which having no tag is nothing special.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Versions { get; init; }

    /// <summary>So many of the newest that the rule means stay.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [Between(0, 100_000)]
    public int? KeepNewest { get; init; }

    /// <summary>Since the version was pushed, restored, given a tag or lost one.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [Between(1, 36_500)]
    public int? OlderThanDays { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [Between(1, 36_500)]
    public int? NotPulledForDays { get; init; }

    /// <summary>
    /// Patterns with <c>{branch}</c>, <c>{tag}</c> or <c>{pr}</c>, such as <c>pr-{pr}</c>: a version whose tags all follow a ref goes when
    /// the ref of the linked repository is told to be gone.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? ExpiresWith { get; init; }
}

/// <summary>A policy as it is stored.</summary>
public sealed record RetentionSetting
{
    /// <summary><c>package</c> or <c>owner</c>: whose policy it is; null: there is none.</summary>
    public required string? Source { get; init; }

    public required RetentionPolicy? Policy { get; init; }

    public DateTimeOffset? UpdatedAt { get; init; }
}

/// <summary>What a run would remove now.</summary>
public sealed record RetentionPreview
{
    /// <summary><c>owner/name</c>, in the preview of an account.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Package { get; init; }

    /// <summary><c>package</c>, <c>owner</c>, <c>request</c> (a policy to try) or null.</summary>
    public required string? Source { get; init; }

    public required IReadOnlyList<RetentionRemoval> Removes { get; init; }

    /// <summary>How many versions stay.</summary>
    public required int Keeps { get; init; }

    /// <summary>What would go, were it not for immutable tags, or for others that need it; each with why it stays.</summary>
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

    /// <summary>Null: it goes on, or was cut off; what it removed is removed.</summary>
    public DateTimeOffset? FinishedAt { get; init; }

    public required int Removed { get; init; }

    /// <summary>Only of one run.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<RetentionRemoval>? Removals { get; init; }
}

/// <summary>A ref of a repository that is gone.</summary>
public sealed record GoneRef : IRequestBody
{
    /// <summary><c>refs/heads/feature/x</c>, <c>refs/tags/v1</c> or <c>refs/pull/7/merge</c>.</summary>
    public required string Ref { get; init; }
}
