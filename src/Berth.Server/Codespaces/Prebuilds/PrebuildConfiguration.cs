namespace Berth.Server.Codespaces.Prebuilds;

/// <summary>What is prebuilt of a repository, when, and how many are kept.</summary>
internal sealed record PrebuildConfiguration
{
    /// <summary>As the audit log names one.</summary>
    public static string Subject(long id) => "prebuild_configuration:" + id.ToString(System.Globalization.CultureInfo.InvariantCulture);

    public const long LeastKept = 1;
    public const long MostKept = 5;
    public const long UsuallyKept = 2;

    public long Id { get; init; }

    public long RepositoryId { get; init; }

    public string RepositoryFullName { get; init; } = "";

    /// <summary>Who settled it: they have to be able to read the repository and its images when it runs.</summary>
    public long OwnerId { get; init; }

    public string OwnerLogin { get; init; } = "";

    /// <summary>Empty: the repository's default branch.</summary>
    public string Branch { get; init; } = "";

    public string DefaultBranch { get; init; } = "";

    /// <summary>Empty: the usual places.</summary>
    public string DevcontainerPath { get; init; } = "";

    public string Machine { get; init; } = "";

    public bool OnPush { get; init; }

    public string? Schedule { get; init; }

    public bool Enabled { get; init; }

    public long Kept { get; init; }

    /// <summary>What asked for another while one was made.</summary>
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

/// <summary>One prebuild: what its codespace was made for, and what became of it.</summary>
internal sealed record Prebuild
{
    /// <summary>Of its codespace.</summary>
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

    /// <summary>It is being made, or waits for it.</summary>
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
