using System.Text.Json.Serialization;

namespace Berth.Client.Wire;

/// <summary>What is prebuilt for a repository, and when.</summary>
public sealed record PrebuildConfiguration
{
    public required long Id { get; init; }

    public required string Ref { get; init; }

    /// <summary>Null: the usual places are searched.</summary>
    public required string? DevcontainerPath { get; init; }

    public required string? Machine { get; init; }

    public required bool OnPush { get; init; }

    /// <summary>Five fields of cron in UTC, or <c>every 6h</c>. Null: there is no schedule.</summary>
    public required string? Schedule { get; init; }

    public required bool Enabled { get; init; }

    /// <summary>How many finished prebuilds are kept.</summary>
    public required long RetainedVersions { get; init; }

    /// <summary>The person who last changed it. It runs with that person's right to read.</summary>
    public required string Owner { get; init; }

    public required DateTimeOffset? NextRunAt { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public required DateTimeOffset UpdatedAt { get; init; }

    public required string Url { get; init; }

    public required string RunsUrl { get; init; }
}

public sealed record PrebuildConfigurationList(long TotalCount, IReadOnlyList<PrebuildConfiguration> Configurations);

/// <summary>
/// A configuration of prebuilds. In a change, what is left out stays as it is. Branch and path identify the configuration.
/// </summary>
public sealed record NewPrebuildConfiguration : IRequestBody
{
    /// <summary>A branch. The default is the repository's default branch.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Ref { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? DevcontainerPath { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Machine { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? OnPush { get; init; }

    /// <summary>An empty text removes the schedule.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Schedule { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? Enabled { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [Between(1, 5)]
    public int? RetainedVersions { get; init; }
}

/// <summary>One prebuild of a configuration.</summary>
public sealed record CodespacePrebuild
{
    public required long Id { get; init; }

    public required long? ConfigurationId { get; init; }

    /// <summary><c>queued</c>, <c>running</c>, <c>ready</c> or <c>failed</c>.</summary>
    public required string State { get; init; }

    /// <summary>The cause: <c>push</c>, <c>schedule</c> or <c>manual</c>.</summary>
    public required string Cause { get; init; }

    public required string Ref { get; init; }

    public required string? DevcontainerPath { get; init; }

    public required string? CommitSha { get; init; }

    public required string? ConfigurationHash { get; init; }

    /// <summary>Why it failed.</summary>
    public required string? Failure { get; init; }

    public required long? ImageSizeInBytes { get; init; }

    public required long? WorkspaceSizeInBytes { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public required DateTimeOffset? ReadyAt { get; init; }

    public required string Url { get; init; }

    public required string LogUrl { get; init; }
}

public sealed record CodespacePrebuildList(long TotalCount, IReadOnlyList<CodespacePrebuild> Prebuilds);

/// <summary>The address to which a git server reports pushes to a repository.</summary>
public sealed record PushHook
{
    public required string Url { get; init; }

    /// <summary>The secret with which the git server signs, or which it sends. Shown only once.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Secret { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }
}

/// <summary>A new hook, which replaces the previous one.</summary>
public sealed record NewPushHook : IRequestBody
{
    /// <summary>Left out: the server makes one.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Secret { get; init; }
}

/// <summary>What a push has started.</summary>
public sealed record PushHookAnswer(int Prebuilds);
