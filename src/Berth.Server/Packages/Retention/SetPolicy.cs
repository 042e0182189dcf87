using System.Text.Json;
using Berth.Client.Wire;
using Berth.Server.Access;
using Berth.Server.Audit;
using Berth.Server.Database;

namespace Berth.Server.Packages.Retention;

/// <summary>Whose policy is meant: an account's, for all its packages, or one package's.</summary>
/// <param name="PackageId">Null: the account's policy.</param>
internal sealed record PolicyPlace(long OwnerId, string Owner, long? PackageId, string? Package);

/// <summary>Sets a policy or removes it. The owner's audit log records both, with the old and the new policy.</summary>
internal sealed class SetPolicy(Db db, AuditLog audit, TimeProvider time)
{
    /// <param name="policy">Null removes the policy.</param>
    /// <returns>Null when there was nothing to remove.</returns>
    public Task<RetentionSetting?> RunAsync(
        ChangeActor actor, PolicyPlace place, RetentionPolicy? policy, CancellationToken cancellationToken) => db.WriteAsync(
        async session =>
        {
            var (owner, now) = (place.PackageId is null ? place.OwnerId : (long?)null, time.GetUtcNow());
            var old = await RetentionTable.OwnAsync(session, owner, place.PackageId);
            if (policy is null && old is null)
            {
                return null;
            }

            await (policy is null
                ? RetentionTable.DeleteAsync(session, owner, place.PackageId)
                : RetentionTable.SetAsync(session, owner, place.PackageId, policy, actor.Key, now));
            await audit.RecordAsync(
                session, actor,
                AuditEntry.In(
                    place.OwnerId, place.Owner, policy is null ? "retention_policy.delete" : "retention_policy.set",
                    place.Package is null ? null : "package:" + place.Package) with
                {
                    Old = old?.Policy,
                    New = policy is null ? null : JsonSerializer.Serialize(policy, BerthJson.Wire.Of<RetentionPolicy>()),
                });
            return (await RetentionTable.OwnAsync(session, owner, place.PackageId))?.ToWire() ?? RetentionEndpoints.None;
        },
        cancellationToken);
}
