using Berth.Server.Access;
using Berth.Server.Database;

namespace Berth.Server.Audit;

/// <summary>
/// The one writer of the audit log, in the transaction of what it records: what was done stands there, and what was not does not. Changes
/// of packages are recorded with the packages; the log that is read shows both.
/// </summary>
internal sealed class AuditLog(TimeProvider time)
{
    public Task RecordAsync(DbSession session, ChangeActor actor, AuditEntry entry) => session.ExecuteAsync(
        """
        insert into audit_events (at, kind, owner_id, owner, repository_id, repository, type, name, version, tag, subject, old_value,
          new_value, actor, actor_name, token_id, address, request_id, run, ref, commit_id, environment)
        values (@now, @Action, @OwnerId, @Owner, @RepositoryId, @Repository, @type, @name, @Version, @Tag, @Subject, @Old,
          @New, @actor, @actorName, @tokenId, @address, @requestId, @run, @gitRef, @commit, @environment)
        """,
        new
        {
            entry.Action,
            entry.OwnerId,
            entry.Owner,
            entry.RepositoryId,
            entry.Repository,
            type = entry.Package?.Type,
            name = entry.Package?.Name,
            entry.Version,
            entry.Tag,
            entry.Subject,
            entry.Old,
            entry.New,
        },
        new
        {
            now = time.GetUtcNow(),
            actor = actor.Key,
            actorName = actor.Name,
            tokenId = actor.TokenId,
            address = actor.Address,
            requestId = actor.RequestId,
            run = actor.Run,
            gitRef = actor.Ref,
            commit = actor.Commit,
            environment = actor.Environment,
        });

    /// <summary>A few of what is older than the log is kept; how many went.</summary>
    public static Task<int> ForgetAsync(DbSession session, DateTimeOffset before, int most) => session.ExecuteAsync(
        "delete from audit_events where id in (select id from audit_events where at < @before order by at, id limit @most)",
        new { before, most });
}
