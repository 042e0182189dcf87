using Berth.Client.Wire;
using Berth.Server.Access;
using Berth.Server.Api;
using Berth.Server.Database;
using Berth.Server.Packages.Changes;
using Berth.Server.Packages.Content;
using Berth.Server.Packages.Rules;

namespace Berth.Server.Packages.Versions;

/// <summary>What was restored, or why nothing was.</summary>
internal sealed record Restoration(VersionStays? Stays, RestoredVersions Restored)
{
    public static Restoration Not(VersionStaysReason reason, string? what = null) =>
        new(new VersionStays(reason, what), new RestoredVersions { Restored = [], TagsElsewhere = [] });
}

/// <summary>
/// Restores a deleted version, while it is kept, with everything that was deleted with it. Never moves a tag that is on another version by
/// now.
/// </summary>
internal sealed partial class RestoreVersion(Db db, RetentionOptions options, TimeProvider time, ILogger<RestoreVersion> logger)
{
    /// <param name="overriding">Also brings back tags that push rules refuse.</param>
    /// <exception cref="Http.ApiException">403: a push rule does not let the caller make one of its tags.</exception>
    public async Task<Restoration> RunAsync(
        ApiCaller caller, PackageAddress address, long versionId, TagOverride? overriding, CancellationToken cancellationToken)
    {
        var principal = caller.Principal;
        var now = time.GetUtcNow();
        var since = now - TimeSpan.FromDays(options.DeletedRetentionDays);
        var restoration = await db.WriteAsync(
            async session =>
            {
                var facts = await AccessDecisions.LoadAsync(session, principal, address);
                if (facts.PackageId is not { } id || !DeletePackage.MayRestore(principal, facts)
                    || await VersionTable.FindAsync(session, id, versionId) is not { DeletedAt: { } deletedAt } version
                        || deletedAt < since)
                {
                    return Restoration.Not(VersionStaysReason.Unknown);
                }

                var changes = new PackageChanges(session, caller.Actor, now, overriding);
                return await VersionTable.IsLiveAsync(session, id, version.Name)
                    ? Restoration.Not(VersionStaysReason.PublishedAgain, version.Name)
                    : new Restoration(null, await GraphAsync(session, changes, id, version, since));
            },
            cancellationToken);
        foreach (var version in restoration.Restored.Restored)
        {
            LogRestored(principal.Key, version.Name, address.ToString());
        }

        return restoration;
    }

    /// <summary>
    /// Restores the version with everything that it lists and that refers to it, if that is deleted and still kept. A name that was
    /// published again since is live already and stays as it is.
    /// </summary>
    private static async Task<RestoredVersions> GraphAsync(
        DbSession session, PackageChanges changes, long packageId, VersionRow root, DateTimeOffset since)
    {
        var waiting = new Queue<VersionRow>([root]);
        var (back, elsewhere) = (new List<VersionRow>(), new List<MovedTag>());
        while (waiting.TryDequeue(out var version))
        {
            if (!await VersionTable.IsLiveAsync(session, packageId, version.Name))
            {
                elsewhere.AddRange((await VersionTable.MovedOnAsync(session, packageId, version.Id))
                    .Select(moved => new MovedTag(moved.Tag, moved.Version)));
                await changes.RestoreVersionAsync(packageId, version);
                back.Add(version);
                (await VersionTable.DeletedNeighboursAsync(session, packageId, version, since)).ForEach(waiting.Enqueue);
            }
        }

        var tags = await TagTable.OfVersionsAsync(session, back.ConvertAll(version => version.Id), deleted: false);
        return new RestoredVersions
        {
            Restored = [.. back.Select(version => new VersionName(version.Id, version.Name, [.. tags[version.Id]]))],
            TagsElsewhere = elsewhere,
        };
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{Principal} restored version {Version} of {Package}")]
    private partial void LogRestored(string principal, string version, string package);
}
