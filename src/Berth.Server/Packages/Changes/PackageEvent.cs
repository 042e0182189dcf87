using System.Text.Json;

namespace Berth.Server.Packages.Changes;

/// <summary>The kinds of events of a package. Stored in snake case: <c>version_published</c>.</summary>
internal enum PackageEventKind
{
    /// <summary>The new value is the visibility.</summary>
    Created,

    VisibilityChanged,

    /// <summary>The old and new values are repositories.</summary>
    LinkChanged,

    /// <summary>The old and new values are <c>on</c> or <c>off</c>.</summary>
    InheritanceChanged,

    /// <summary>A person's or team's role. No new value: the role was removed. No old value: it was given for the first time.</summary>
    GrantChanged,

    /// <summary>A repository's role on the Actions list.</summary>
    ActionsChanged,

    /// <summary>A repository on the Codespaces list.</summary>
    CodespacesChanged,

    VersionPublished,

    /// <summary>The new value says why nobody should use the version any more. No new value: it may be used again.</summary>
    VersionDeprecated,

    /// <summary>The old and new values are names of versions. No old value: the tag is new.</summary>
    TagMoved,

    /// <summary>The old value is the version that the tag was on.</summary>
    TagDeleted,

    VersionDeleted,

    VersionRestored,

    /// <summary>Deleted for good because somebody asked.</summary>
    VersionPurged,

    /// <summary>Deleted for good after it was kept long enough.</summary>
    VersionCollected,

    Deleted,

    Restored,

    Purged,

    Collected,

    /// <summary>The account that the package belonged to was deleted, and the package with it.</summary>
    OwnerDeleted,

    /// <summary>The linked or listed repository was renamed.</summary>
    RepositoryRenamed,

    /// <summary>The linked or listed repository has another owner. What that ended has events of its own.</summary>
    RepositoryTransferred,

    RepositoryDeleted,
}

/// <summary>One event of a package.</summary>
internal sealed record PackageEvent(PackageEventKind Kind)
{
    public long? VersionId { get; init; }

    public string? Version { get; init; }

    public string? Tag { get; init; }

    /// <summary>Who a grant or list entry is for: <c>user:LOGIN</c>, <c>team:SLUG</c>, <c>repository:OWNER/NAME</c>.</summary>
    public string? Subject { get; init; }

    public string? Old { get; init; }

    public string? New { get; init; }

    public static string Name(PackageEventKind kind) => JsonNamingPolicy.SnakeCaseLower.ConvertName(kind.ToString());
}
