using Berth.Client.Wire;
using Berth.Server.Access;
using Berth.Server.Api;
using Berth.Server.Database;
using Berth.Server.Http;
using Berth.Server.Oci;
using Berth.Server.Packages.Changes;

namespace Berth.Server.Packages.Versions;

/// <summary>Puts a tag on a version that is there: back to an earlier one, or a new tag without a push.</summary>
internal sealed class MoveTag(Db db, RetentionOptions options, TimeProvider time)
{
    private const string Resource = "PackageTag";

    /// <exception cref="ApiException">404: the caller may publish no more; 422: there is no such version, or it is deleted.</exception>
    public Task<VersionName> RunAsync(
        ApiCaller caller, PackageAddress address, Tag tag, string version, CancellationToken cancellationToken)
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

                var changes = new PackageChanges(session, caller.Actor, now);
                await changes.TouchAsync(id);
                if (await VersionTable.FindLiveAsync(session, id, version) is not { } target)
                {
                    throw new ApiException(await MissingAsync(session, id, version, now));
                }

                await changes.TagAsync(id, tag.Value, target.Id);
                var tags = await VersionTable.TagsAsync(session, [target.Id], deleted: false);
                return new VersionName(target.Id, target.Name, [.. tags[target.Id]]);
            },
            cancellationToken);
    }

    private async Task<ApiError> MissingAsync(DbSession session, long packageId, string version, DateTimeOffset now) =>
        await TagHistoryTable.RestorableAsync(session, packageId, version, now - TimeSpan.FromDays(options.DeletedRetentionDays)) is { } id
            ? ApiErrors.Unprocessable(
                Resource, "version", $"{version} is deleted; bring it back first: POST …/versions/{id}/restore")
            : ApiErrors.Invalid(Resource, "version", $"the package has no version {version}; name one by its digest");
}
