using System.Text.Json.Serialization;

namespace Berth.Client.Wire;

/// <summary>A codespace in GitHub's shape, with two fields that only Berth has.</summary>
public sealed record Codespace
{
    public required long Id { get; init; }

    public required string Name { get; init; }

    public string? DisplayName { get; init; }

    public string? EnvironmentId { get; init; }

    public required Account Owner { get; init; }

    public required Account BillableOwner { get; init; }

    /// <summary>Null when the repository was deleted.</summary>
    public required Repository? Repository { get; init; }

    public required CodespaceMachine? Machine { get; init; }

    public string? DevcontainerPath { get; init; }

    public bool Prebuild { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public required DateTimeOffset UpdatedAt { get; init; }

    public required DateTimeOffset LastUsedAt { get; init; }

    /// <summary>
    /// <c>Queued</c>, <c>Provisioning</c>, <c>Available</c>, <c>Starting</c>, <c>ShuttingDown</c>, <c>Shutdown</c> or <c>Failed</c>.
    /// </summary>
    public required string State { get; init; }

    public required string Url { get; init; }

    public required CodespaceGitStatus GitStatus { get; init; }

    public string Location { get; init; } = "WestEurope";

    public int? IdleTimeoutMinutes { get; init; }

    public int? RetentionPeriodMinutes { get; init; }

    /// <summary>When it will be deleted; null while it is wanted.</summary>
    public DateTimeOffset? RetentionExpiresAt { get; init; }

    /// <summary>Why it stopped, when nobody asked for it.</summary>
    public string? LastKnownStopNotice { get; init; }

    public CodespaceRuntimeConstraints RuntimeConstraints { get; init; } = new(["private"]);

    public required string WebUrl { get; init; }

    public required string MachinesUrl { get; init; }

    public required string StartUrl { get; init; }

    public required string StopUrl { get; init; }

    public IReadOnlyList<string> RecentFolders { get; init; } = [];

    public bool PendingOperation { get; init; }

    /// <summary>
    /// Berth's own: why the state is <c>Failed</c>, or why the rebuild failed after which an available one goes on as it was; with
    /// registry, image, rule and remedy where an image is to blame.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Failure { get; init; }

    /// <summary>Berth's own: the image it runs, pinned by digest.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Image { get; init; }
}

public sealed record CodespaceMachine
{
    public required string Name { get; init; }

    public required string DisplayName { get; init; }

    public string OperatingSystem { get; init; } = "linux";

    public required long StorageInBytes { get; init; }

    public required long MemoryInBytes { get; init; }

    public required int Cpus { get; init; }

    public string? PrebuildAvailability { get; init; }
}

public sealed record CodespaceGitStatus
{
    /// <summary>Null, as what follows, when it is not known: the codespace has not run yet, or there is no git in it.</summary>
    public long? Ahead { get; init; }

    public long? Behind { get; init; }

    public bool? HasUnpushedChanges { get; init; }

    public bool? HasUncommittedChanges { get; init; }

    public string? Ref { get; init; }
}

public sealed record CodespaceList(long TotalCount, IReadOnlyList<Codespace> Codespaces);

public sealed record CodespaceMachineList(long TotalCount, IReadOnlyList<CodespaceMachine> Machines);

public sealed record DevcontainerList(long TotalCount, IReadOnlyList<DevcontainerPlace> Devcontainers);

public sealed record DevcontainerPlace(string Path, string? Name, string? DisplayName);

public sealed record CodespaceDefaults(Account BillableOwner, CodespaceDefaultValues Defaults);

public sealed record CodespaceDefaultValues(string Location, string? DevcontainerPath);

/// <summary>Whether the user lets codespaces of a repository have what its configuration asks for; what that is, only Berth says.</summary>
public sealed record CodespacePermissionsCheck
{
    public required bool Accepted { get; init; }

    public IReadOnlyList<CodespacePermission> Permissions { get; init; } = [];

    /// <summary>What is asked for and cannot be given, one line each.</summary>
    public IReadOnlyList<string> Remarks { get; init; } = [];
}

/// <summary>One repository of which something is asked for.</summary>
/// <param name="Repository"><c>owner/name</c>.</param>
/// <param name="Packages"><c>read</c>. Null: the packages are not asked for.</param>
/// <param name="Contents">Access with git: <c>read</c> or <c>write</c>. Null: it is not asked for.</param>
public sealed record CodespacePermission(string Repository, string? Packages, string? Contents, bool Accepted);

/// <summary>What a user lets codespaces of one repository have of others (owner/name).</summary>
public sealed record CodespacePermissionList : IRequestBody
{
    /// <summary>Those whose packages they read.</summary>
    public required IReadOnlyList<string> Repositories { get; init; }

    /// <summary>Those that git inside reaches.</summary>
    public IReadOnlyList<string>? Contents { get; init; }
}

/// <summary>Forwarded ports are their creator's alone.</summary>
public sealed record CodespaceRuntimeConstraints(IReadOnlyList<string> AllowedPortPrivacySettings);

/// <summary>Where files came to lie that were copied into a codespace.</summary>
public sealed record CopiedFiles(string Path);

/// <summary>A forwarded port: its address, and a link that signs a browser in to it, once and soon.</summary>
public sealed record CodespacePort(int Port, string Url, string SignInUrl, DateTimeOffset ExpiresAt);

/// <summary>What an SSH client has to know of a codespace.</summary>
/// <param name="User">The name to sign in with.</param>
/// <param name="HostKey">The public key by which the codespace is known, as <c>ssh-ed25519 BASE64</c>.</param>
/// <param name="WorkspaceFolder">Null until the first start has settled it.</param>
public sealed record CodespaceSsh(string User, string HostKey, string? WorkspaceFolder);

/// <summary>Begins an SSH connection over a WebSocket.</summary>
/// <param name="PublicKeys">The client signs in with one of these: <c>ssh-ed25519 BASE64</c>, at most four.</param>
public sealed record SshStart(IReadOnlyList<string> PublicKeys);

/// <summary>What codespaces can be opened in.</summary>
public static class CodespaceEditors
{
    public const string Code = "vscode";
    public const string JetBrains = "jetbrains";
    public const string Ssh = "ssh";

    public static readonly IReadOnlyList<string> All = [Code, JetBrains, Ssh];
}

/// <summary>What a person's codespaces are made with and opened in, where nothing else is said.</summary>
public sealed record CodespaceSettings
{
    /// <summary>One of <see cref="CodespaceEditors"/>; null: Visual Studio Code.</summary>
    public string? DefaultEditor { get; init; }

    /// <summary>The name of a machine type; null: the smallest.</summary>
    public string? DefaultMachine { get; init; }

    public DateTimeOffset? UpdatedAt { get; init; }
}

/// <summary>What of the settings changes; null takes a default away.</summary>
public sealed record CodespaceSettingsChange : IRequestBody
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public OptionalText DefaultEditor { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public OptionalText DefaultMachine { get; init; }
}

/// <summary>A person's dotfiles, which come into the home folder of new containers.</summary>
public sealed record CodespaceDotfiles
{
    /// <summary>An http or https URL that git clones without a login.</summary>
    public required string Repository { get; init; }

    public required DateTimeOffset UpdatedAt { get; init; }
}

/// <summary>Dotfiles to have from now on.</summary>
public sealed record NewCodespaceDotfiles : IRequestBody
{
    [Longest(2048)]
    public required string Repository { get; init; }
}

/// <summary>What an organization settles for the codespaces of its repositories.</summary>
public sealed record CodespacePolicy
{
    public required bool ExportRegistrySecrets { get; init; }

    /// <summary>Whether people's own clone credentials serve their git inside.</summary>
    public required bool GitCredentialsInside { get; init; }
}

/// <summary>What to change of it; null stays as it is.</summary>
public sealed record CodespacePolicyChange(bool? ExportRegistrySecrets, bool? GitCredentialsInside) : IRequestBody;

/// <summary>An exported creation log.</summary>
public sealed record CodespaceExport
{
    public required string State { get; init; }

    public required DateTimeOffset? CompletedAt { get; init; }

    public required string? Branch { get; init; }

    public string? Sha { get; init; }

    public required string Id { get; init; }

    public required string ExportUrl { get; init; }

    public required string HtmlUrl { get; init; }
}

/// <summary>What of a codespace is to change.</summary>
public sealed record CodespaceChange : IRequestBody
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    [Longest(48)]
    public OptionalText DisplayName { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Machine { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [Between(5, 240)]
    public int? IdleTimeoutMinutes { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [Between(0, 43_200)]
    public int? RetentionPeriodMinutes { get; init; }
}

/// <summary>
/// A codespace to make of a repository, or to look at before that. Of GitHub's fields those that mean nothing here are left out.
/// </summary>
public record NewCodespace : IRequestBody
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Ref { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? DevcontainerPath { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [Longest(48)]
    public string? DisplayName { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Machine { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [Between(5, 240)]
    public int? IdleTimeoutMinutes { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [Between(0, 43_200)]
    public int? RetentionPeriodMinutes { get; init; }

    /// <summary>Go without the packages of other repositories that the configuration asks for.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? MultiRepoPermissionsOptOut { get; init; }
}

/// <summary>A codespace of a repository that the body names, as GitHub's own client asks for it.</summary>
public sealed record NewUserCodespace : NewCodespace
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    [Refused("pull requests are not known here; give repository_id and ref")]
    public OptionalText PullRequest { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [Between(1, long.MaxValue)]
    public long? RepositoryId { get; init; }
}

/// <summary>Who may have codespaces of an organization's repositories.</summary>
public sealed record CodespacesAccess : IRequestBody
{
    /// <summary><c>disabled</c>, <c>selected_members</c>, <c>all_members</c> or <c>all_members_and_outside_collaborators</c>.</summary>
    [OneOf("disabled", "selected_members", "all_members", "all_members_and_outside_collaborators")]
    public required string Visibility { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? SelectedUsernames { get; init; }
}

/// <summary>Members to select for codespaces, or to take off.</summary>
public sealed record SelectedUsers : IRequestBody
{
    public required IReadOnlyList<string> SelectedUsernames { get; init; }
}

/// <summary>A process with input, and a terminal where one is wanted.</summary>
public sealed record ProcessStart(IReadOnlyList<string> Command)
{
    public bool Tty { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Rows { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Columns { get; init; }

    /// <summary>The kind of terminal, as in the variable TERM.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Term { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? WorkingDirectory { get; init; }
}

public sealed record TerminalSize(int Rows, int Columns);

/// <summary>A process to run in a codespace.</summary>
public sealed record CodespaceExec : IRequestBody
{
    [ProcessArguments]
    public required IReadOnlyList<string> Command { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [Longest(1000)]
    public string? WorkingDirectory { get; init; }
}
