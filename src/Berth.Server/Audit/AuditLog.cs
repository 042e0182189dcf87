using Berth.Server.Access;
using Berth.Server.Database;

namespace Berth.Server.Audit;

/// <summary>
/// The one writer of the audit log, in the transaction of what it records: what was done stands there, and what was not does not. Changes
/// of packages are recorded with the packages; the log that is read shows both.
/// </summary>
internal sealed class AuditLog(TimeProvider time)
{
    public Task RecordAsync(DbSession session, ChangeActor actor, AuditEntry entry) =>
        RecordAsync(session, actor, entry, time.GetUtcNow());

    /// <summary>What happened a moment ago and is written now.</summary>
    public static Task RecordAsync(DbSession session, ChangeActor actor, AuditEntry entry, DateTimeOffset at) => session.ExecuteAsync(
        $"""
        insert into audit_events (at, kind, owner_id, owner, repository_id, repository, type, name, version, tag, subject, old_value,
          new_value, {ActorColumns.Names})
        values (@at, @Action, @OwnerId, @Owner, @RepositoryId, @Repository, @type, @name, @Version, @Tag, @Subject, @Old,
          @New, {ActorColumns.Values})
        """,
        new
        {
            at,
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
        ActorColumns.Of(actor));

    /// <summary>A few of what is older than the log is kept, or older than reads are; how many went.</summary>
    public static Task<int> ForgetAsync(DbSession session, bool reads, DateTimeOffset before, int most) => session.ExecuteAsync(
        $"""
        delete from audit_events where id in (
            select id from audit_events where {AuditTable.WhetherRead(reads)} and at < @before order by at, id limit @most)
        """,
        new { before, most });
}
