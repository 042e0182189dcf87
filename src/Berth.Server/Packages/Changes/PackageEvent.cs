using System.Text.Json;

namespace Berth.Server.Packages.Changes;

/// <summary>What can happen to a package. Stored in snake case: <c>version_published</c>.</summary>
internal enum PackageEventKind
{
    /// <summary>New: the visibility.</summary>
    Created,

    VisibilityChanged,

    /// <summary>Old and new: repositories.</summary>
    LinkChanged,

    /// <summary>Old and new: <c>on</c> or <c>off</c>.</summary>
    InheritanceChanged,

    /// <summary>A person's or team's role; none is a role taken away, or given for the first time.</summary>
    GrantChanged,

    /// <summary>A repository's role on the Actions list.</summary>
    ActionsChanged,

    /// <summary>A repository on the Codespaces list.</summary>
    CodespacesChanged,

    VersionPublished,

    /// <summary>New: why nobody should use it any more; none: it may be used again.</summary>
    VersionDeprecated,

    /// <summary>Old and new: names of versions; no old one is a new tag.</summary>
    TagMoved,

    /// <summary>Old: the version that it was on.</summary>
    TagDeleted,

    VersionDeleted,

    VersionRestored,

    /// <summary>Deleted for good on somebody's word.</summary>
    VersionPurged,

    /// <summary>Deleted for good when its retention was over.</summary>
    VersionCollected,

    Deleted,

    Restored,

    Purged,

    Collected,

    /// <summary>The account that it belonged to is gone, and the package with it.</summary>
    OwnerDeleted,

    /// <summary>The linked or listed repository has another name.</summary>
    RepositoryRenamed,

    /// <summary>The linked or listed repository belongs to somebody else; what that ended has events of its own.</summary>
    RepositoryTransferred,

    RepositoryDeleted,
}

/// <summary>One thing that happened to a package.</summary>
internal sealed record PackageEvent(PackageEventKind Kind)
{
    public long? VersionId { get; init; }

    public string? Version { get; init; }

    public string? Tag { get; init; }

    /// <summary>Whom a grant or list entry is for: <c>user:LOGIN</c>, <c>team:SLUG</c>, <c>repository:OWNER/NAME</c>.</summary>
    public string? Subject { get; init; }

    public string? Old { get; init; }

    public string? New { get; init; }

    public static string Name(PackageEventKind kind) => JsonNamingPolicy.SnakeCaseLower.ConvertName(kind.ToString());
}
