using Berth.Server.Access;
using Berth.Server.Api;
using Berth.Server.Database;
using Berth.Server.Packages.Changes;
using Berth.Server.Packages.Content;

namespace Berth.Server.Packages.Versions;

/// <summary>Why a version stays; each surface says it in its own words.</summary>
internal sealed record VersionStays(VersionStaysReason Reason, string? Parent = null);

internal enum VersionStaysReason
{
    /// <summary>There is no such version, or none that could be deleted or restored.</summary>
    Unknown,

    /// <summary>It is the last one, and what was asked for keeps that.</summary>
    Last,

    /// <summary>A live index lists it.</summary>
    PartOfIndex,

    /// <summary>Its name was published again since.</summary>
    PublishedAgain,
}

/// <summary>How a version is to be deleted.</summary>
internal sealed record VersionDeletion
{
    /// <summary>Now and for good, also one that was deleted before.</summary>
    public bool Purge { get; init; }

    /// <summary>Also a part of an index that is still there.</summary>
    public bool Force { get; init; }

    /// <summary>As at GitHub: whoever wants an empty package deletes the package.</summary>
    public bool KeepLast { get; init; }
}

/// <summary>
/// Deletes versions softly, for the registry and the REST API alike, and brings them back while they are kept. What is deleted is
/// unreadable at once; restoring brings back the whole graph and never moves a tag that moved on.
/// </summary>
internal sealed partial class DeleteVersion(Db db, RetentionOptions options, TimeProvider time, ILogger<DeleteVersion> logger)
{
    /// <summary>Null when it is deleted.</summary>
    public async Task<VersionStays?> RunAsync(
        ChangeActor actor, long packageId, Func<DbSession, Task<VersionRow?>> find, VersionDeletion wanted,
        CancellationToken cancellationToken)
    {
        var (name, stays) = await db.WriteAsync<(string, VersionStays?)>(
            async session =>
            {
                if (await find(session) is not { } version || (version.DeletedAt is not null && !wanted.Purge))
                {
                    return ("", new VersionStays(VersionStaysReason.Unknown));
                }

                if (version.DeletedAt is null && await WhyAsync(session, packageId, version, wanted) is { } reason)
                {
                    return ("", reason);
                }

                var changes = new PackageChanges(session, actor, time.GetUtcNow());
                await (wanted.Purge ? changes.PurgeVersionAsync(packageId, version) : changes.DeleteVersionAsync(packageId, version));
                return (version.Name, null);
            },
            cancellationToken);
        if (stays is null)
        {
            LogDeleted(actor.Key, name, packageId, wanted.Purge);
        }

        return stays;
    }

    /// <summary>Null when it is back.</summary>
    public async Task<VersionStays?> RestoreAsync(
        ApiCaller caller, PackageAddress address, long versionId, CancellationToken cancellationToken)
    {
        var principal = caller.Principal;
        var now = time.GetUtcNow();
        var since = now - TimeSpan.FromDays(options.DeletedRetentionDays);
        var (name, stays) = await db.WriteAsync<(string, VersionStays?)>(
            async session =>
            {
                var facts = await AccessDecisions.LoadAsync(session, principal, address);
                if (facts.PackageId is not { } id || !DeletePackage.MayRestore(principal, facts)
                    || await VersionTable.FindAsync(session, id, versionId) is not { DeletedAt: { } deletedAt } version
                        || deletedAt < since)
                {
                    return ("", new VersionStays(VersionStaysReason.Unknown));
                }

                if (await VersionTable.IsLiveAsync(session, id, version.Name))
                {
                    return ("", new VersionStays(VersionStaysReason.PublishedAgain, version.Name));
                }

                await RestoreGraphAsync(session, new PackageChanges(session, caller.Actor, now), id, version, since);
                return (version.Name, null);
            },
            cancellationToken);
        if (stays is null)
        {
            LogRestored(principal.Key, name, address.ToString());
        }

        return stays;
    }

    private static async Task<VersionStays?> WhyAsync(DbSession session, long packageId, VersionRow version, VersionDeletion wanted)
    {
        if (wanted.KeepLast && await VersionTable.CountAsync(session, packageId) == 1)
        {
            return new VersionStays(VersionStaysReason.Last);
        }

        return !wanted.Force && await VersionTable.ParentAsync(session, packageId, version.Name) is { } parent
            ? new VersionStays(VersionStaysReason.PartOfIndex, parent)
            : null;
    }

    /// <summary>
    /// The version with everything it lists and everything that refers to it, as far as that is deleted and still kept. A name that was
    /// published again since is live already and stays as it is.
    /// </summary>
    private static async Task RestoreGraphAsync(
        DbSession session, PackageChanges changes, long packageId, VersionRow root, DateTimeOffset since)
    {
        var waiting = new Queue<VersionRow>([root]);
        while (waiting.TryDequeue(out var version))
        {
            if (!await VersionTable.IsLiveAsync(session, packageId, version.Name))
            {
                await changes.RestoreVersionAsync(packageId, version);
                (await VersionTable.DeletedNeighboursAsync(session, packageId, version, since)).ForEach(waiting.Enqueue);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{Principal} deleted version {Version} of package {Package} (purged: {Purged})")]
    private partial void LogDeleted(string principal, string version, long package, bool purged);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Principal} restored version {Version} of {Package}")]
    private partial void LogRestored(string principal, string version, string package);
}
