using Berth.Server.Access;
using Berth.Server.Audit;
using Berth.Server.Database;

namespace Berth.Server.Codespaces;

/// <summary>
/// Writes what is done to codespaces into the audit log: the log of the repository's owner, or the creator's when the repository is gone.
/// Everybody also finds their own actions in their own log.
/// </summary>
internal static class CodespaceEntries
{
    /// <summary>The actor when nobody asked: the codespace was idle, or was kept for long enough.</summary>
    public static readonly ChangeActor ByItself = ChangeActor.Background("codespaces");

    public static async Task RecordAsync(
        this AuditLog audit, DbSession session, ChangeActor actor, Codespace codespace, string action, string? reason = null)
    {
        var place = codespace.RepositoryId is { } id && await AccessDecisions.RepositoryAsync(session, null, id) is { } found
            ? AuditEntry.On(found.Repository, "codespaces." + action, Subject(codespace.Name))
            : AuditEntry.In(codespace.OwnerId, codespace.OwnerLogin, "codespaces." + action, Subject(codespace.Name));
        await audit.RecordAsync(session, actor, place with { New = reason });
    }

    public static string Subject(string name) => "codespace:" + name;
}
