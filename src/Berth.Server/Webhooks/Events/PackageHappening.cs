using Berth.Server.Oci;
using Berth.Server.Packages.Changes;

namespace Berth.Server.Webhooks.Events;

/// <summary>A stored event of a package.</summary>
internal sealed record EventRow
{
    public long Id { get; init; }

    public DateTimeOffset At { get; init; }

    public string Kind { get; init; } = "";

    public long PackageId { get; init; }

    public long OwnerId { get; init; }

    public string Owner { get; init; } = "";

    public string Type { get; init; } = "";

    public string Name { get; init; } = "";

    public long? RepositoryId { get; init; }

    public string Actor { get; init; } = "";

    public string? ActorName { get; init; }

    public string? RequestId { get; init; }

    public long? VersionId { get; init; }

    public string? Version { get; init; }

    public string? Tag { get; init; }

    public string? Subject { get; init; }

    public string? OldValue { get; init; }

    public string? NewValue { get; init; }

    /// <summary>The events that one transaction recorded for one package have all of this in common.</summary>
    public (long, string, string?, DateTimeOffset) Change => (PackageId, Actor, RequestId, At);

    public bool Is(PackageEventKind kind) => Kind == PackageEvent.Name(kind);
}

/// <summary>A version's relation to others at the time when an event of it is processed.</summary>
/// <param name="WasTagged">Whether an earlier change tagged it.</param>
/// <param name="IsTop">A release even without a tag: an index that no other index lists and that refers to nothing, or any npm
/// version.</param>
internal sealed record VersionStanding(bool WasTagged, bool IsTop);

/// <summary>What receivers are told: one happening for each release and for each change that somebody made.</summary>
internal sealed record PackageHappening(string Action, EventRow At)
{
    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>The setting that changed. The old and new values follow.</summary>
    public string? Changed { get; init; }

    public string? Old { get; init; }

    public string? New { get; init; }

    public string? Subject { get; init; }

    /// <summary>Whether receivers are told about version and package, rather than only the package.</summary>
    public bool OfVersion { get; init; }
}

/// <summary>
/// Makes happenings from a change's events. A version is a release when it is tagged, or is an index without a tag that nothing lists.
/// Receivers are not told about parts: what an index lists, what refers to another manifest, and an image that was pushed only by digest.
/// </summary>
internal static class ReleaseRule
{
    public const string Published = "published";
    public const string Updated = "updated";
    public const string Deleted = "deleted";
    public const string Restored = "restored";

    /// <param name="change">All events of one change, in their order.</param>
    public static IEnumerable<PackageHappening> Of(IReadOnlyList<EventRow> change, Func<long, VersionStanding> standing)
    {
        var born = change.Any(row => row.Is(PackageEventKind.Created));
        foreach (var row in change.Where(row => row.VersionId is null))
        {
            // The settings that a package is created with are not changes.
            if (!born && OfPackage(row) is { } happening)
            {
                yield return happening;
            }
        }

        foreach (var version in change.Where(row => row.VersionId is not null).GroupBy(row => row.VersionId!.Value))
        {
            foreach (var happening in OfVersion([.. version], standing(version.Key)))
            {
                yield return happening;
            }
        }
    }

    private static PackageHappening? OfPackage(EventRow row) =>
        row.Is(PackageEventKind.Deleted) || row.Is(PackageEventKind.Purged) ? new(Deleted, row)
        : row.Is(PackageEventKind.Restored) ? new(Restored, row)
        : row.Is(PackageEventKind.VisibilityChanged) ? Changed(row, "visibility_changed", "visibility")
        : row.Is(PackageEventKind.LinkChanged) ? Changed(row, "link_changed", "repository")
        : row.Is(PackageEventKind.InheritanceChanged) ? Changed(row, "access_changed", "inherit_access")
        : row.Is(PackageEventKind.GrantChanged) ? Changed(row, "access_changed", "role")
        : row.Is(PackageEventKind.ActionsChanged) ? Changed(row, "access_changed", "actions_role")
        : row.Is(PackageEventKind.CodespacesChanged) ? Changed(row, "access_changed", "codespaces")
        : null;

    private static PackageHappening Changed(EventRow row, string action, string what) =>
        new(action, row) { Changed = what, Old = row.OldValue, New = row.NewValue, Subject = row.Subject };

    private static IEnumerable<PackageHappening> OfVersion(IReadOnlyList<EventRow> rows, VersionStanding standing)
    {
        var tagged = rows.Where(row => row.Is(PackageEventKind.TagMoved) && Counts(row)).ToList();
        var untagged = rows.Where(row => row.Is(PackageEventKind.TagDeleted) && Counts(row)).ToList();
        var first = rows[0];
        if (rows.Any(row => row.Is(PackageEventKind.VersionRestored)))
        {
            return standing.WasTagged || standing.IsTop ? [Version(Restored, first, tagged)] : [];
        }

        if (rows.Any(row => row.Is(PackageEventKind.VersionDeleted) || row.Is(PackageEventKind.VersionPurged)))
        {
            return standing.WasTagged || standing.IsTop ? [Version(Deleted, first, untagged)] : [];
        }

        if (tagged.Count > 0)
        {
            var moved = tagged.FirstOrDefault(row => row.OldValue is not null);
            return
            [
                Version(standing.WasTagged ? Updated : Published, first, tagged) with
                {
                    Changed = moved is null ? null : "tag",
                    Old = moved?.OldValue,
                    New = moved?.NewValue,
                    Subject = moved is null ? null : "tag:" + moved.Tag,
                },
            ];
        }

        if (rows.FirstOrDefault(row => row.Is(PackageEventKind.VersionDeprecated)) is { } deprecated)
        {
            return [Version(Updated, deprecated, []) with { Changed = "deprecated", New = deprecated.NewValue }];
        }

        return rows.Any(row => row.Is(PackageEventKind.VersionPublished)) && standing.IsTop
            ? [Version(Published, first, [])]
            : untagged.Select(row => Version("tag_deleted", row, [row]));
    }

    private static bool Counts(EventRow row) => row.Tag is { } tag && !ReferrersTag.Is(tag);

    private static PackageHappening Version(string action, EventRow at, IEnumerable<EventRow> tags) =>
        new(action, at) { OfVersion = true, Tags = [.. tags.Select(row => row.Tag!)] };
}
