using System.Text.Json.Serialization;

namespace Berth.Client.Wire;

/// <summary>A codespace in GitHub's form, with two fields that only Berth has.</summary>
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

    /// <summary>When it will be deleted. Null while it is in use.</summary>
    public DateTimeOffset? RetentionExpiresAt { get; init; }

    /// <summary>Why it stopped, if nobody asked for it.</summary>
    public string? LastKnownStopNotice { get; init; }

    public CodespaceRuntimeConstraints RuntimeConstraints { get; init; } = new(["private"]);

    public required string WebUrl { get; init; }

    public required string MachinesUrl { get; init; }

    public required string StartUrl { get; init; }

    public required string StopUrl { get; init; }

    public IReadOnlyList<string> RecentFolders { get; init; } = [];

    public bool PendingOperation { get; init; }

    /// <summary>
    /// Only in Berth. Why the state is <c>Failed</c>, or why a rebuild failed while the available codespace goes on unchanged. If an image
    /// is the cause, it names registry, image, rule and remedy.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Failure { get; init; }

    /// <summary>Only in Berth. The image that it runs, pinned by digest.</summary>
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
    /// <summary>
    /// This and the following fields are null when they are not known, because the codespace has not run yet or contains no git.
    /// </summary>
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

/// <summary>
/// Whether the user has given codespaces of a repository the permissions that its configuration asks for. Only Berth lists them.
/// </summary>
public sealed record CodespacePermissionsCheck
{
    public required bool Accepted { get; init; }

    public IReadOnlyList<CodespacePermission> Permissions { get; init; } = [];

    /// <summary>One line for each thing that is asked for and cannot be given.</summary>
    public IReadOnlyList<string> Remarks { get; init; } = [];
}

/// <summary>One repository for which permissions are asked.</summary>
/// <param name="Repository"><c>owner/name</c>.</param>
/// <param name="Packages"><c>read</c>. Null: the packages are not asked for.</param>
/// <param name="Contents">Access with git: <c>read</c> or <c>write</c>. Null: it is not asked for.</param>
public sealed record CodespacePermission(string Repository, string? Packages, string? Contents, bool Accepted);

/// <summary>The permissions on other repositories (owner/name) that a user gives codespaces of one repository.</summary>
public sealed record CodespacePermissionList : IRequestBody
{
    /// <summary>The repositories whose packages the codespaces may read.</summary>
    public required IReadOnlyList<string> Repositories { get; init; }

    /// <summary>The repositories that git in the codespaces may reach.</summary>
    public IReadOnlyList<string>? Contents { get; init; }
}

/// <summary>Only their creator can reach forwarded ports.</summary>
public sealed record CodespaceRuntimeConstraints(IReadOnlyList<string> AllowedPortPrivacySettings);

/// <summary>Where copied files are in a codespace.</summary>
public sealed record CopiedFiles(string Path);

/// <summary>A forwarded port: its address, and a link that signs a browser in to it. The link works once, for a short time.</summary>
public sealed record CodespacePort(int Port, string Url, string SignInUrl, DateTimeOffset ExpiresAt);

/// <summary>What an SSH client needs to know about a codespace.</summary>
/// <param name="User">The name to sign in with.</param>
/// <param name="HostKey">The public key by which the codespace is known, as <c>ssh-ed25519 BASE64</c>.</param>
/// <param name="WorkspaceFolder">Null until the first start has settled it.</param>
public sealed record CodespaceSsh(string User, string HostKey, string? WorkspaceFolder);

/// <summary>Begins an SSH connection over a WebSocket.</summary>
/// <param name="PublicKeys">The client signs in with one of these: <c>ssh-ed25519 BASE64</c>, at most four.</param>
public sealed record SshStart(IReadOnlyList<string> PublicKeys);

/// <summary>The editors in which codespaces can be opened.</summary>
public static class CodespaceEditors
{
    public const string Code = "vscode";
    public const string JetBrains = "jetbrains";
    public const string Ssh = "ssh";

    public static readonly IReadOnlyList<string> All = [Code, JetBrains, Ssh];
}

/// <summary>The defaults for a person's new codespaces and for opening them.</summary>
public sealed record CodespaceSettings
{
    /// <summary>One of <see cref="CodespaceEditors"/>. Null: Visual Studio Code.</summary>
    public string? DefaultEditor { get; init; }

    /// <summary>The name of a machine type. Null: the smallest one.</summary>
    public string? DefaultMachine { get; init; }

    public DateTimeOffset? UpdatedAt { get; init; }
}

/// <summary>Changes to the settings. Null removes a default.</summary>
public sealed record CodespaceSettingsChange : IRequestBody
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public OptionalText DefaultEditor { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public OptionalText DefaultMachine { get; init; }
}

/// <summary>A person's dotfiles, which new containers get in their home folder.</summary>
public sealed record CodespaceDotfiles
{
    /// <summary>An http or https URL that git can clone without a login.</summary>
    public required string Repository { get; init; }

    public required DateTimeOffset UpdatedAt { get; init; }
}

/// <summary>Sets the dotfiles.</summary>
public sealed record NewCodespaceDotfiles : IRequestBody
{
    [Longest(2048)]
    public required string Repository { get; init; }
}

/// <summary>An organization's settings for the codespaces of its repositories.</summary>
public sealed record CodespacePolicy
{
    public required bool ExportRegistrySecrets { get; init; }

    /// <summary>Whether git in codespaces may use people's own clone credentials.</summary>
    public required bool GitCredentialsInside { get; init; }
}

/// <summary>Changes to the policy. Null leaves a field as it is.</summary>
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

/// <summary>Changes to a codespace.</summary>
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
/// A codespace of a repository, to create it or to check it first. GitHub's fields that have no meaning here are left out.
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

    /// <summary>Creates it without the packages of other repositories that the configuration asks for.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? MultiRepoPermissionsOptOut { get; init; }
}

/// <summary>A codespace of a repository that the body names, in the form of GitHub's own client.</summary>
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

/// <summary>Members to add to, or remove from, those who may have codespaces.</summary>
public sealed record SelectedUsers : IRequestBody
{
    public required IReadOnlyList<string> SelectedUsernames { get; init; }
}

/// <summary>A process with input, and with a terminal if that is wanted.</summary>
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
