using Berth.Client.Wire;
using Berth.Server.Access;
using Berth.Server.Database;
using Berth.Server.Packages.Changes;
using Berth.Server.Packages.Content;
using Berth.Server.Packages.References;
using Berth.Server.Packages.Rules;

namespace Berth.Server.Packages.Versions;

/// <summary>Why a version stays. Each surface says it in its own words.</summary>
/// <param name="What">What keeps it, in words: the indexes that list it, or the packages that depend on it.</param>
internal sealed record VersionStays(VersionStaysReason Reason, string? What = null);

internal enum VersionStaysReason
{
    /// <summary>There is no such version, or it cannot be deleted or restored.</summary>
    Unknown,

    /// <summary>It is the last version, which the request keeps.</summary>
    Last,

    /// <summary>Live indexes list it.</summary>
    PartOfIndex,

    /// <summary>Other packages depend on it and could use no other version.</summary>
    Needed,

    /// <summary>Its name was published again since.</summary>
    PublishedAgain,
}

/// <summary>How a version is to be deleted.</summary>
internal sealed record VersionDeletion
{
    /// <summary>Deletes it at once and for good, also when it was deleted before.</summary>
    public bool Purge { get; init; }

    /// <summary>Deletes it even if a live index lists it or other packages depend on it.</summary>
    public bool Force { get; init; }

    /// <summary>Also deletes everything that has no tag and that nothing else holds: platforms, and what refers to them.</summary>
    public bool Cascade { get; init; }

    /// <summary>Keeps the last version, as GitHub does. To get rid of it, delete the package.</summary>
    public bool KeepLast { get; init; }

    /// <summary>An administrator's decision to delete it even if push rules keep it.</summary>
    public TagOverride? Overriding { get; init; }
}

/// <summary>What was deleted, or why nothing was.</summary>
internal sealed record Deletion(VersionStays? Stays, IReadOnlyList<VersionName> Deleted);

/// <summary>
/// Deletes versions softly, for the registry and the REST API. A deleted version is unreadable at once. <see cref="RestoreVersion"/> brings
/// it back while it is kept.
/// </summary>
internal sealed partial class DeleteVersion(Db db, PackageNeeds needs, TimeProvider time, ILogger<DeleteVersion> logger)
{
    /// <exception cref="Http.ApiException">403: a push rule keeps one of its tags.</exception>
    public async Task<Deletion> RunAsync(
        ChangeActor actor, long packageId, Func<DbSession, Task<VersionRow?>> find, VersionDeletion wanted,
        CancellationToken cancellationToken)
    {
        var deletion = await db.WriteAsync(
            async session =>
            {
                if (await find(session) is not { } version || (version.DeletedAt is not null && !wanted.Purge))
                {
                    return new Deletion(new VersionStays(VersionStaysReason.Unknown), []);
                }

                var going = await GoingAsync(session, packageId, version, wanted.Cascade);
                if (version.DeletedAt is null && await WhyAsync(session, actor, packageId, going, wanted) is { } reason)
                {
                    return new Deletion(reason, []);
                }

                var changes = new PackageChanges(session, actor, time.GetUtcNow(), wanted.Overriding);
                foreach (var one in going)
                {
                    var row = new VersionRow { Id = one.Id, Name = one.Name };
                    await (wanted.Purge ? changes.PurgeVersionAsync(packageId, row) : changes.DeleteVersionAsync(packageId, row));
                }

                return new Deletion(null, going);
            },
            cancellationToken);
        foreach (var version in deletion.Deleted)
        {
            LogDeleted(actor.Key, version.Name, packageId, wanted.Purge);
        }

        return deletion;
    }

    private static async Task<IReadOnlyList<VersionName>> GoingAsync(
        DbSession session, long packageId, VersionRow version, bool cascade)
    {
        if (cascade && version.DeletedAt is null)
        {
            var graph = await ReferenceTable.GraphAsync(session, packageId);
            return [
                .. graph.WithParts([graph.Find(version.Name)!], part => graph.Tags(part).Count == 0).Select(ReadDependants.ToWire),
            ];
        }

        var tags = await TagTable.OfVersionsAsync(session, [version.Id], deleted: version.DeletedAt is not null);
        return [new VersionName(version.Id, version.Name, [.. tags[version.Id]])];
    }

    private async Task<VersionStays?> WhyAsync(
        DbSession session, ChangeActor actor, long packageId, IReadOnlyList<VersionName> going, VersionDeletion wanted)
    {
        if (wanted.KeepLast && await VersionTable.CountAsync(session, packageId) == going.Count)
        {
            return new VersionStays(VersionStaysReason.Last);
        }

        if (wanted.Force)
        {
            return null;
        }

        if (await VersionTable.ParentsAsync(session, packageId, going[0].Name) is { Count: > 0 } parents)
        {
            return new VersionStays(VersionStaysReason.PartOfIndex, await IndexesAsync(session, parents));
        }

        HashSet<string> names = [.. going.Select(version => version.Name)];
        return await needs.BrokenAsync(session, actor.Principal, packageId, names) is { } broken
            ? new VersionStays(VersionStaysReason.Needed, broken)
            : null;
    }

    private static async Task<string> IndexesAsync(DbSession session, List<VersionRow> parents)
    {
        var tags = await TagTable.OfVersionsAsync(session, parents.ConvertAll(parent => parent.Id), deleted: false);
        return string.Join(
            " and ",
            parents.Select(
                parent => $"the index {parent.Name}"
                    + $"{(tags[parent.Id].Any() ? $" (tagged {string.Join(", ", tags[parent.Id])})" : "")}"));
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{Principal} deleted version {Version} of package {Package} (purged: {Purged})")]
    private partial void LogDeleted(string principal, string version, long package, bool purged);
}
