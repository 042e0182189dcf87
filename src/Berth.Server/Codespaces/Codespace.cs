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

    /// <summary>The codespace stays in this state until somebody asks for something.</summary>
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

    /// <summary>30 days. This is also the default.</summary>
    public const long LongestRetentionMinutes = 43_200;

    public long Id { get; init; }

    public string Name { get; init; } = "";

    public string? DisplayName { get; init; }

    public long OwnerId { get; init; }

    public string OwnerLogin { get; init; } = "";

    /// <summary>The person whose own logins come into it. Null for a prebuild, since other people's codespaces begin with it.</summary>
    public long? PersonId => IsPrebuild ? null : OwnerId;

    /// <summary>Null when the repository was deleted.</summary>
    public long? RepositoryId { get; init; }

    /// <summary>The name of the repository when the codespace was created.</summary>
    public string RepositoryFullName { get; init; } = "";

    public string? CloneUrl { get; init; }

    /// <summary>The repository's setting: submodules are cloned unless the configuration says otherwise.</summary>
    public bool Submodules { get; init; }

    public string? Ref { get; init; }

    public string? DevcontainerPath { get; init; }

    /// <summary>Its creator chose to do without the packages of other repositories that the configuration asks for.</summary>
    public bool PermissionsOptOut { get; init; }

    public string Machine { get; init; } = "";

    public string Host { get; init; } = "";

    public string Desired { get; init; } = "";

    public string State { get; init; } = "";

    /// <summary>One line, when the state is Failed, or when it is Available after a rebuild that failed.</summary>
    public string? Failure { get; init; }

    /// <summary>Pinned by digest; null until a start has succeeded, so nobody has worked in the workspace yet.</summary>
    public string? Image { get; init; }

    /// <summary>The container with which a start has succeeded. While it is null, no container was ever finished.</summary>
    public string? ContainerId { get; init; }

    public string? RemoteUser { get; init; }

    public string? WorkspaceFolder { get; init; }

    /// <summary>The next start makes a new container and keeps the workspace.</summary>
    public bool Rebuild { get; init; }

    public long Attempt { get; init; }

    /// <summary>The attempt that the creation of a codespace asks for.</summary>
    public const long FirstAttempt = 1;

    /// <summary>The codespace is available while lifecycle commands of its start still run in the background.</summary>
    public bool CommandsRunning { get; init; }

    /// <summary>It stops when nobody has used it for this long.</summary>
    public long IdleTimeoutMinutes { get; init; } = DefaultIdleTimeoutMinutes;

    /// <summary>The codespace is deleted when it has been stopped for this long. 0: it is deleted as soon as it stops.</summary>
    public long RetentionPeriodMinutes { get; init; } = LongestRetentionMinutes;

    /// <summary>When a stopped codespace is deleted. Null while it is wanted.</summary>
    public DateTimeOffset? RetentionExpiresAt { get; init; }

    /// <summary>Why it stopped, when nobody asked for it.</summary>
    public string? StopNotice { get; init; }

    /// <summary>
    /// The branch of the workspace when Berth last looked. This and the next properties are null when they are not known.
    /// </summary>
    public string? GitRef { get; init; }

    public long? GitAhead { get; init; }

    public long? GitBehind { get; init; }

    public bool? GitUnpushed { get; init; }

    public bool? GitUncommitted { get; init; }

    /// <summary>
    /// Nobody works in a prebuild. Other codespaces begin with a copy of it, and no list of a person's codespaces shows it.
    /// </summary>
    public bool IsPrebuild { get; init; }

    /// <summary>The prebuild that this codespace began with. It may be gone. Null: none.</summary>
    public long? FromPrebuild { get; init; }

    public DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset UpdatedAt { get; init; }

    public DateTimeOffset LastUsedAt { get; init; }

    /// <summary>The repository's name without its owner: the name of the folder in the codespace.</summary>
    public string ImageName => RepositoryFullName[(RepositoryFullName.IndexOf('/', StringComparison.Ordinal) + 1)..];
}
