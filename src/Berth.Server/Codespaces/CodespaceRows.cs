using Berth.Server.Audit;
using Berth.Server.Database;

namespace Berth.Server.Codespaces;

/// <summary>
/// What its host says of a codespace: the row, a line in the creation log where people have to know why, and the news to whoever follows
/// the log.
/// </summary>
internal sealed class CodespaceRows(Db db, TimeProvider time, CodespaceHost host, CodespaceLog logs, AuditLog audit)
{
    public Task<Codespace?> FindAsync(long id, CancellationToken cancellationToken) =>
        db.ReadAsync(session => CodespaceTable.FindAsync(session, id), cancellationToken);

    /// <summary>Null for one of another host as well.</summary>
    public async Task<Codespace?> FindHereAsync(long id, CancellationToken cancellationToken) =>
        await FindAsync(id, cancellationToken) is { } found && found.Host == host.Name ? found : null;

    public Task<List<Codespace>> AllOfHostAsync(string host, CancellationToken cancellationToken) =>
        db.ReadAsync(session => CodespaceTable.AllOfHostAsync(session, host), cancellationToken);

    /// <summary>It is to stop, for a reason that its person has to know.</summary>
    public async Task WantStopAsync(Codespace codespace, string notice, CancellationToken cancellationToken)
    {
        await LogAsync(codespace, "stop", notice);
        await db.WriteAsync(
            async session =>
            {
                await CodespaceTable.WantStopAsync(session, codespace.Id, time.GetUtcNow(), notice);
                await audit.RecordAsync(session, CodespaceEntries.ByItself, codespace, "suspend_environment", notice);
            },
            cancellationToken);
    }

    /// <summary>It goes where it was kept for as long as it was to be.</summary>
    public Task ExpireAsync(Codespace codespace, CancellationToken cancellationToken) => db.WriteAsync(
        async session =>
        {
            if (await CodespaceTable.ExpireAsync(session, codespace.Id, time.GetUtcNow()))
            {
                await audit.RecordAsync(session, CodespaceEntries.ByItself, codespace, "destroy", "kept for as long as it was to be");
            }
        },
        cancellationToken);

    public async Task LogAsync(Codespace codespace, string step, string line)
    {
        await using var log = logs.Open(codespace);
        log.Write(step, line);
    }

    /// <summary>For who follows its log: somebody else wrote its row.</summary>
    public void Changed(Codespace codespace) => logs.Changed(codespace.Id);

    /// <summary>It does not run any more.</summary>
    public async Task ShutDownAsync(Codespace codespace, string reason, CancellationToken cancellationToken)
    {
        await LogAsync(codespace, "stop", reason);
        await db.WriteAsync(session => CodespaceTable.ShutDownAsync(session, codespace, time.GetUtcNow()), cancellationToken);
        logs.Changed(codespace.Id);
    }

    /// <summary>It failed; its token ends with the row.</summary>
    public async Task FailedAsync(Codespace codespace, string reason, CancellationToken cancellationToken)
    {
        await db.WriteAsync(session => CodespaceTable.FailedAsync(session, codespace, reason, time.GetUtcNow()), cancellationToken);
        logs.Changed(codespace.Id);
    }

    /// <summary>No command of its start goes on in the background.</summary>
    public async Task CommandsEndedAsync(Codespace codespace, CancellationToken cancellationToken)
    {
        await db.WriteAsync(session => CodespaceTable.CommandsEndedAsync(session, codespace), cancellationToken);
        logs.Changed(codespace.Id);
    }

    /// <summary>Nothing of it is left.</summary>
    public async Task DeletedAsync(Codespace codespace, CancellationToken cancellationToken)
    {
        await db.WriteAsync(session => CodespaceTable.DeleteAsync(session, codespace.Id, time.GetUtcNow()), cancellationToken);
        logs.Changed(codespace.Id);
    }
}
