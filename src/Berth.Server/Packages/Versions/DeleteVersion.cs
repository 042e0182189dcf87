using Berth.Client.Wire;
using Berth.Server.Access;
using Berth.Server.Database;
using Berth.Server.Packages.Changes;
using Berth.Server.Packages.Content;
using Berth.Server.Packages.References;
using Berth.Server.Packages.Rules;

namespace Berth.Server.Packages.Versions;

/// <summary>Why a version stays; each surface says it in its own words.</summary>
/// <param name="What">What keeps it, in words: the indexes that list it, or the packages that depend on it.</param>
internal sealed record VersionStays(VersionStaysReason Reason, string? What = null);

internal enum VersionStaysReason
{
    /// <summary>There is no such version, or none that could be deleted or restored.</summary>
    Unknown,

    /// <summary>It is the last one, and what was asked for keeps that.</summary>
    Last,

    /// <summary>Live indexes list it.</summary>
    PartOfIndex,

    /// <summary>Other packages depend on it, and no other version would do.</summary>
    Needed,

    /// <summary>Its name was published again since.</summary>
    PublishedAgain,
}

/// <summary>How a version is to be deleted.</summary>
internal sealed record VersionDeletion
{
    /// <summary>Now and for good, also one that was deleted before.</summary>
    public bool Purge { get; init; }

    /// <summary>Also a part of an index that is still there, and what other packages depend on.</summary>
    public bool Force { get; init; }

    /// <summary>With everything that has no tag and that nothing else holds: platforms, and what refers to them.</summary>
    public bool Cascade { get; init; }

    /// <summary>As at GitHub: whoever wants an empty package deletes the package.</summary>
    public bool KeepLast { get; init; }

    /// <summary>Also what push rules keep, on an administrator's word.</summary>
    public TagOverride? Overriding { get; init; }
}

/// <summary>What a deletion took, or why it took nothing.</summary>
internal sealed record Deletion(VersionStays? Stays, IReadOnlyList<VersionName> Deleted);

/// <summary>
/// Deletes versions softly, for the registry and the REST API alike. What is deleted is unreadable at once, and comes back by
/// <see cref="RestoreVersion"/> while it is kept.
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
