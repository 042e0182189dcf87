using System.Text.Json.Serialization;

namespace Berth.Client.Wire;

/// <summary>What is prebuilt of a repository, and when.</summary>
public sealed record PrebuildConfiguration
{
    public required long Id { get; init; }

    public required string Ref { get; init; }

    /// <summary>Null: the usual places.</summary>
    public required string? DevcontainerPath { get; init; }

    public required string? Machine { get; init; }

    public required bool OnPush { get; init; }

    /// <summary>Five fields of cron in UTC, or <c>every 6h</c>; null: none.</summary>
    public required string? Schedule { get; init; }

    public required bool Enabled { get; init; }

    /// <summary>How many finished ones stay.</summary>
    public required long RetainedVersions { get; init; }

    /// <summary>By whose right to read it runs: who settled it last.</summary>
    public required string Owner { get; init; }

    public required DateTimeOffset? NextRunAt { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public required DateTimeOffset UpdatedAt { get; init; }

    public required string Url { get; init; }

    public required string RunsUrl { get; init; }
}

public sealed record PrebuildConfigurationList(long TotalCount, IReadOnlyList<PrebuildConfiguration> Configurations);

/// <summary>What to prebuild; in a change what is not there stays, and branch and place are what it is known by.</summary>
public sealed record NewPrebuildConfiguration : IRequestBody
{
    /// <summary>A branch; nothing is the repository's default branch.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Ref { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? DevcontainerPath { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Machine { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? OnPush { get; init; }

    /// <summary>An empty text is none.</summary>
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

    /// <summary>Why it was made: <c>push</c>, <c>schedule</c> or <c>manual</c>.</summary>
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

/// <summary>Where a git server tells of pushes to a repository.</summary>
public sealed record PushHook
{
    public required string Url { get; init; }

    /// <summary>What the git server signs with or shows; told once.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Secret { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }
}

/// <summary>A hook to have from now on; the one before ends.</summary>
public sealed record NewPushHook : IRequestBody
{
    /// <summary>Nothing: the server makes one.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Secret { get; init; }
}

/// <summary>What a push began.</summary>
public sealed record PushHookAnswer(int Prebuilds);
