namespace Berth.Server.Codespaces.Prebuilds;

/// <summary>Says what of a repository is prebuilt, when, and how many prebuilds are kept.</summary>
internal sealed record PrebuildConfiguration
{
    /// <summary>The name of a configuration in the audit log.</summary>
    public static string Subject(long id) => "prebuild_configuration:" + id.ToString(System.Globalization.CultureInfo.InvariantCulture);

    public const long LeastKept = 1;
    public const long MostKept = 5;
    public const long UsuallyKept = 2;

    public long Id { get; init; }

    public long RepositoryId { get; init; }

    public string RepositoryFullName { get; init; } = "";

    /// <summary>The person who made the configuration. They must be able to read the repository and its images when it runs.</summary>
    public long OwnerId { get; init; }

    public string OwnerLogin { get; init; } = "";

    /// <summary>Empty: the repository's default branch.</summary>
    public string Branch { get; init; } = "";

    public string DefaultBranch { get; init; } = "";

    /// <summary>The path of the configuration. Empty: the usual places are searched.</summary>
    public string DevcontainerPath { get; init; } = "";

    public string Machine { get; init; } = "";

    public bool OnPush { get; init; }

    public string? Schedule { get; init; }

    public bool Enabled { get; init; }

    public long Kept { get; init; }

    /// <summary>The cause of another prebuild that was asked for while one was being made. Null: none.</summary>
    public string? Again { get; init; }

    public DateTimeOffset? NextRunAt { get; init; }

    public DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset UpdatedAt { get; init; }

    public string BranchName => Branch.Length == 0 ? DefaultBranch : Branch;
}

/// <summary>Why a prebuild is made.</summary>
internal static class PrebuildCause
{
    public const string Push = "push";
    public const string Schedule = "schedule";
    public const string Manual = "manual";
}

/// <summary>One prebuild and its state.</summary>
internal sealed record Prebuild
{
    /// <summary>The id of its codespace.</summary>
    public long Id { get; init; }

    public string Name { get; init; } = "";

    public long? ConfigurationId { get; init; }

    public long? RepositoryId { get; init; }

    public string? Ref { get; init; }

    public string? DevcontainerPath { get; init; }

    public string Cause { get; init; } = "";

    public string CodespaceState { get; init; } = "";

    public string Desired { get; init; } = "";

    public string? Failure { get; init; }

    public string? Image { get; init; }

    public string? CommitId { get; init; }

    public string? ConfigurationHash { get; init; }

    public long? ImageBytes { get; init; }

    public long? WorkspaceBytes { get; init; }

    public DateTimeOffset? ReadyAt { get; init; }

    public DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset UpdatedAt { get; init; }

    public long Bytes => (ImageBytes ?? 0) + (WorkspaceBytes ?? 0);

    /// <summary>The prebuild is being made, or waits for that.</summary>
    public bool IsUnderWay => State is Queued or Running;

    public string State => CodespaceState switch
    {
        _ when ReadyAt is not null => Ready,
        Codespaces.CodespaceState.Failed or Codespaces.CodespaceState.Shutdown when Desired != CodespaceDesire.Available => Failed,
        Codespaces.CodespaceState.Queued => Queued,
        _ => Running,
    };

    public const string Queued = "queued";
    public const string Running = "running";
    public const string Ready = "ready";
    public const string Failed = "failed";
}
