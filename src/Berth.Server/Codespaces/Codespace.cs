namespace Berth.Server.Codespaces;

/// <summary>The states, named as GitHub's (REST "codespaces").</summary>
internal static class CodespaceState
{
    public const string Queued = "Queued";
    public const string Provisioning = "Provisioning";
    public const string Available = "Available";
    public const string Starting = "Starting";
    public const string ShuttingDown = "ShuttingDown";
    public const string Shutdown = "Shutdown";
    public const string Failed = "Failed";

    /// <summary>Nothing more happens until somebody asks for something.</summary>
    public static bool IsSettled(string state) => state is Available or Shutdown or Failed;

    /// <summary>A start is under way or waiting.</summary>
    public static bool IsStarting(string state) => state is Queued or Provisioning or Starting;
}

/// <summary>What a codespace should be.</summary>
internal static class CodespaceDesire
{
    public const string Available = "available";
    public const string Shutdown = "shutdown";
    public const string Deleted = "deleted";
}

/// <summary>A codespace's row, with what is needed of its owner and repository.</summary>
internal sealed record Codespace
{
    public const long DefaultIdleTimeoutMinutes = 30;

    /// <summary>30 days, which is also what one gets that asks for nothing.</summary>
    public const long LongestRetentionMinutes = 43_200;

    public long Id { get; init; }

    public string Name { get; init; } = "";

    public string? DisplayName { get; init; }

    public long OwnerId { get; init; }

    public string OwnerLogin { get; init; } = "";

    /// <summary>Whose own logins come into it; null: nobody's, since others begin with it.</summary>
    public long? PersonId => IsPrebuild ? null : OwnerId;

    /// <summary>Null when the repository was deleted.</summary>
    public long? RepositoryId { get; init; }

    /// <summary>As it was at creation.</summary>
    public string RepositoryFullName { get; init; } = "";

    public string? CloneUrl { get; init; }

    /// <summary>The repository's setting: its submodules are cloned where its configuration does not say.</summary>
    public bool Submodules { get; init; }

    public string? Ref { get; init; }

    public string? DevcontainerPath { get; init; }

    /// <summary>Created to go without the packages of other repositories that its own asks for.</summary>
    public bool PermissionsOptOut { get; init; }

    public string Machine { get; init; } = "";

    public string Host { get; init; } = "";

    public string Desired { get; init; } = "";

    public string State { get; init; } = "";

    /// <summary>One line, when the state is Failed, or when it is Available after a rebuild that failed.</summary>
    public string? Failure { get; init; }

    /// <summary>Pinned by digest; null until a start has succeeded, so nobody has worked in the workspace yet.</summary>
    public string? Image { get; init; }

    /// <summary>Set when a start has succeeded with it; null means that whatever container there is was never finished.</summary>
    public string? ContainerId { get; init; }

    public string? RemoteUser { get; init; }

    public string? WorkspaceFolder { get; init; }

    /// <summary>The next start makes a new container, in the workspace that is there.</summary>
    public bool Rebuild { get; init; }

    public long Attempt { get; init; }

    /// <summary>Of the start that its creation wishes for.</summary>
    public const long FirstAttempt = 1;

    /// <summary>It is available, and lifecycle commands of its start go on in the background.</summary>
    public bool CommandsRunning { get; init; }

    /// <summary>It stops when nobody has used it for this long.</summary>
    public long IdleTimeoutMinutes { get; init; } = DefaultIdleTimeoutMinutes;

    /// <summary>It is deleted when it has stood still for this long; 0: when it stops.</summary>
    public long RetentionPeriodMinutes { get; init; } = LongestRetentionMinutes;

    /// <summary>Null while it is wanted.</summary>
    public DateTimeOffset? RetentionExpiresAt { get; init; }

    /// <summary>Why it stopped, when nobody asked for it.</summary>
    public string? StopNotice { get; init; }

    /// <summary>The branch of the workspace when it was last looked at; this and what follows is null when it is not known.</summary>
    public string? GitRef { get; init; }

    public long? GitAhead { get; init; }

    public long? GitBehind { get; init; }

    public bool? GitUnpushed { get; init; }

    public bool? GitUncommitted { get; init; }

    /// <summary>Nobody works in it: it is made for others to begin with, and no list of a person's codespaces shows it.</summary>
    public bool IsPrebuild { get; init; }

    /// <summary>The prebuild that it began with, which may be gone; null: none.</summary>
    public long? FromPrebuild { get; init; }

    public DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset UpdatedAt { get; init; }

    public DateTimeOffset LastUsedAt { get; init; }

    /// <summary>The repository's name without its owner: the name of the folder in the codespace.</summary>
    public string ImageName => RepositoryFullName[(RepositoryFullName.IndexOf('/', StringComparison.Ordinal) + 1)..];
}
