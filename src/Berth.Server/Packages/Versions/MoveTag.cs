using Berth.Client.Wire;
using Berth.Server.Access;
using Berth.Server.Api;
using Berth.Server.Database;
using Berth.Server.Http;
using Berth.Server.Oci;
using Berth.Server.Packages.Changes;
using Berth.Server.Packages.Rules;

namespace Berth.Server.Packages.Versions;

/// <summary>Puts a tag on an existing version: back on an earlier one, or as a new tag without a push. It also removes tags.</summary>
internal sealed class MoveTag(Db db, RetentionOptions options, TimeProvider time)
{
    private const string Resource = "PackageTag";

    /// <exception cref="ApiException">403: a push rule refuses it. 404: the caller may no longer publish. 422: there is no such version, or
    /// it is deleted.</exception>
    public Task<VersionName> RunAsync(
        ApiCaller caller, PackageAddress address, Tag tag, string version, TagOverride? overriding, CancellationToken cancellationToken)
    {
        var principal = caller.Principal;
        var now = time.GetUtcNow();
        return db.WriteAsync(
            async session =>
            {
                var facts = await AccessDecisions.LoadAsync(session, principal, address);
                if (facts.PackageId is not { } id || !AccessRules.Decide(principal, PackageAction.Push, facts).Allowed)
                {
                    throw new ApiException(ApiErrors.Hidden(principal));
                }

                var changes = new PackageChanges(session, caller.Actor, now, overriding);
                await changes.TouchAsync(id);
                if (await VersionTable.FindLiveAsync(session, id, version) is not { } target)
                {
                    throw new ApiException(await MissingAsync(session, id, version, now));
                }

                await changes.TagAsync(id, tag.Value, target.Id);
                var tags = await TagTable.OfVersionsAsync(session, [target.Id], deleted: false);
                return new VersionName(target.Id, target.Name, [.. tags[target.Id]]);
            },
            cancellationToken);
    }

    /// <summary>Returns false when there was no such tag. The version stays.</summary>
    /// <exception cref="ApiException">403: a push rule refuses it. 404: the caller may no longer delete.</exception>
    public Task<bool> RemoveAsync(
        ApiCaller caller, PackageAddress address, string tag, TagOverride? overriding, CancellationToken cancellationToken)
    {
        var principal = caller.Principal;
        return db.WriteAsync(
            async session =>
            {
                var facts = await AccessDecisions.LoadAsync(session, principal, address);
                return facts.PackageId is { } id && AccessRules.Decide(principal, PackageAction.Delete, facts).Allowed
                    ? await new PackageChanges(session, caller.Actor, time.GetUtcNow(), overriding).UntagAsync(id, tag)
                    : throw new ApiException(ApiErrors.Hidden(principal));
            },
            cancellationToken);
    }

    private async Task<ApiError> MissingAsync(DbSession session, long packageId, string version, DateTimeOffset now) =>
        await TagHistoryTable.RestorableAsync(session, packageId, version, now - TimeSpan.FromDays(options.DeletedRetentionDays)) is { } id
            ? ApiErrors.Unprocessable(
                Resource, "version", $"{version} is deleted; bring it back first: POST …/versions/{id}/restore")
            : ApiErrors.Invalid(Resource, "version", $"the package has no version {version}; name one by its digest");
}
