using Berth.Server.Access;
using Berth.Server.Database;
using Berth.Server.Http;
using Berth.Server.Json;
using Berth.Server.Npm.Authorization;
using Berth.Server.Npm.Documents;
using Berth.Server.Packages.Changes;
using Berth.Server.Packages.Content;
using Berth.Server.Packages.References;
using Berth.Server.Packages.Versions;

namespace Berth.Server.Npm.Publishing;

/// <summary>
/// Applies a packument that a client has read, changed and sent back. It may change deprecations and tags, and leave out versions. The
/// differences are what the client asks for, and the caller needs the right to each of them. The client must have read it after the last
/// change, since somebody else's change would otherwise be undone.
/// </summary>
internal sealed class ChangePackument(Db db, Packuments packuments, PackageNeeds needs, TimeProvider time)
{
    private const int LongestReason = 4096;

    /// <param name="revision">The revision that the client read. Null: the client names none, and nothing is removed.</param>
    /// <exception cref="ApiException">400, 403, 404 or 409.</exception>
    public async Task RunAsync(NpmAccess access, PublishDocument document, string? revision, CancellationToken cancellationToken)
    {
        var packageId = await db.WriteAsync(
            async session =>
            {
                var (id, changes) = await BeginAsync(session, access, PackageAction.Push, revision);
                var numbers = await NpmVersionTable.NumbersAsync(session, id);
                if (document.Versions.Keys.FirstOrDefault(version => !numbers.ContainsKey(version)) is { } unknown)
                {
                    throw new ApiException(NpmErrors.Bad($"version {unknown} comes without its tarball"));
                }

                await RemoveAsync(session, access, changes, id, numbers, revision is null ? [] : Removed(document, numbers));
                await DeprecateAsync(session, changes, id, document, numbers, revision is not null);
                await TagAsync(session, changes, id, document, numbers, revision is not null);
                return id;
            },
            cancellationToken);
        await packuments.PrepareAsync(access.Address, packageId);
    }

    /// <summary>Deletes the whole package softly.</summary>
    public Task RemoveAllAsync(NpmAccess access, string revision, CancellationToken cancellationToken) => db.WriteAsync(
        async session =>
        {
            var (id, changes) = await BeginAsync(session, access, PackageAction.Delete, revision);
            await DemandUnusedAsync(session, access, id, null);
            await changes.DeleteAsync(id);
        },
        cancellationToken);

    /// <summary>Puts a tag on a version, or removes it.</summary>
    /// <param name="version">Null: the tag is removed.</param>
    public async Task TagAsync(NpmAccess access, string tag, string? version, CancellationToken cancellationToken)
    {
        var packageId = await db.WriteAsync(
            async session =>
            {
                var (id, changes) = await BeginAsync(session, access, PackageAction.Push, revision: null);
                if (version is null)
                {
                    if (!await changes.UntagAsync(id, tag))
                    {
                        throw new ApiException(NpmErrors.NotFound.Saying($"{access.Address} has no tag {tag}"));
                    }
                }
                else if (await VersionTable.FindLiveAsync(session, id, version) is { } target)
                {
                    await changes.TagAsync(id, tag, target.Id);
                }
                else
                {
                    throw new ApiException(NpmErrors.UnknownVersion(access.Address, version));
                }

                return id;
            },
            cancellationToken);
        await packuments.PrepareAsync(access.Address, packageId);
    }

    /// <summary>Locks the package until the transaction ends, so that what is read after this cannot change.</summary>
    private async Task<(long Id, PackageChanges Changes)> BeginAsync(
        DbSession session, NpmAccess access, PackageAction action, string? revision)
    {
        var facts = await DemandAsync(session, access, action);
        var id = facts.PackageId ?? throw new ApiException(NpmErrors.Unknown(access.Address));
        var changes = new PackageChanges(session, access.Actor, time.GetUtcNow());
        await changes.TouchAsync(id);
        return revision is null || revision == Packuments.Revision(await DocumentTable.RevisionAsync(session, id))
            ? (id, changes)
            : throw new ApiException(NpmErrors.Conflict($"{access.Address} has changed since it was read; try again"));
    }

    private static async Task<PackageFacts> DemandAsync(DbSession session, NpmAccess access, PackageAction action)
    {
        var facts = await AccessDecisions.LoadAsync(session, access.Principal, access.Address);
        var decision = AccessRules.Decide(access.Principal, action, facts);
        return decision.Allowed ? facts : throw new ApiException(NpmErrors.Refused(access.Principal, action, facts, decision));
    }

    /// <summary>A document without any version has another purpose, such as a star. It removes nothing.</summary>
    private static List<string> Removed(PublishDocument document, Dictionary<string, long> numbers) =>
        document.Versions.Count == 0 ? [] : [.. numbers.Keys.Where(version => !document.Versions.ContainsKey(version))];

    private async Task RemoveAsync(
        DbSession session, NpmAccess access, PackageChanges changes, long packageId, Dictionary<string, long> numbers, List<string> removed)
    {
        if (removed.Count == 0)
        {
            return;
        }

        await DemandAsync(session, access, PackageAction.Delete);
        await DemandUnusedAsync(session, access, packageId, removed);
        foreach (var version in removed)
        {
            await changes.DeleteVersionAsync(packageId, new VersionRow { Id = numbers[version], Name = version });
            numbers.Remove(version);
        }
    }

    /// <param name="removed">Null: the whole package.</param>
    private async Task DemandUnusedAsync(DbSession session, NpmAccess access, long packageId, List<string>? removed)
    {
        if (await needs.BrokenAsync(session, access.Principal, packageId, removed) is { } broken)
        {
            var what = $"{access.Address.Owner}/{access.Address.Name}{(removed is [var version] ? $" {version}" : "")}";
            throw new ApiException(
                NpmErrors.Conflict($"packages of this server depend on what would be removed: {broken}") with
                {
                    Remedy = "deprecate it instead (npm deprecate), or remove it all the same with: "
                        + $"berth package rm {what} --type npm --force",
                });
        }
    }

    private static async Task DeprecateAsync(
        DbSession session, PackageChanges changes, long packageId, PublishDocument document, Dictionary<string, long> numbers, bool whole)
    {
        foreach (var (version, manifest) in document.Versions.Where(version => numbers.ContainsKey(version.Key)))
        {
            var why = manifest.TextOf("deprecated");
            if (why is null && !whole)
            {
                continue;
            }

            if (why?.Length > LongestReason)
            {
                throw new ApiException(NpmErrors.Bad($"the reason of a deprecation has at most {LongestReason} characters"));
            }

            var reason = string.IsNullOrEmpty(why) ? null : why;
            if (await NpmVersionTable.DeprecateAsync(session, numbers[version], reason))
            {
                await changes.RecordDeprecationAsync(packageId, new VersionRow { Id = numbers[version], Name = version }, reason);
            }
        }
    }

    private static async Task TagAsync(
        DbSession session, PackageChanges changes, long packageId, PublishDocument document, Dictionary<string, long> numbers, bool whole)
    {
        var shown = await DistTags.ReadAsync(session, packageId, numbers.Keys);
        foreach (var (tag, version) in document.Tags)
        {
            if (shown.GetValueOrDefault(tag) != version)
            {
                await changes.TagAsync(
                    packageId, tag,
                    numbers.TryGetValue(version, out var id) ? id
                        : throw new ApiException(NpmErrors.Bad($"the dist-tag {tag} is on {version}, which is not there")));
            }
        }

        if (whole && document.Tags.Count > 0)
        {
            foreach (var tag in shown.Keys.Where(tag => !document.Tags.ContainsKey(tag)))
            {
                await changes.UntagAsync(packageId, tag);
            }
        }
    }
}
