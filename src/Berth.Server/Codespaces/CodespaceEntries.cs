using Berth.Server.Access;
using Berth.Server.Audit;
using Berth.Server.Database;

namespace Berth.Server.Codespaces;

/// <summary>
/// What is done to codespaces, as the audit log has it: in the log of the repository's owner, and of the creator where the repository is
/// gone. Everybody finds what they did themselves in their own.
/// </summary>
internal static class CodespaceEntries
{
    /// <summary>It was idle, or kept for long enough, and nobody asked.</summary>
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
