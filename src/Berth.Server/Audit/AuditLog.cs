using Berth.Server.Access;
using Berth.Server.Database;

namespace Berth.Server.Audit;

/// <summary>
/// The only writer of the audit log. It writes in the transaction of what it records, so that an entry exists exactly when the action was
/// done. Changes of packages are recorded with the packages, and the log that people read shows both.
/// </summary>
internal sealed class AuditLog(TimeProvider time)
{
    public Task RecordAsync(DbSession session, ChangeActor actor, AuditEntry entry) =>
        RecordAsync(session, actor, entry, time.GetUtcNow());

    /// <summary>Records what happened a moment ago.</summary>
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

    /// <summary>Removes some entries that are older than the log, or reads, are kept. Returns how many.</summary>
    public static Task<int> ForgetAsync(DbSession session, bool reads, DateTimeOffset before, int most) => session.ExecuteAsync(
        $"""
        delete from audit_events where id in (
            select id from audit_events where {AuditTable.WhetherRead(reads)} and at < @before order by at, id limit @most)
        """,
        new { before, most });
}
