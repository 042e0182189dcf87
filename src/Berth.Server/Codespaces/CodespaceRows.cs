using Berth.Server.Audit;
using Berth.Server.Database;

namespace Berth.Server.Codespaces;

/// <summary>
/// Records what the host says of a codespace. It writes the row, adds a line to the creation log where people have to know the reason, and
/// tells everybody who follows the log.
/// </summary>
internal sealed class CodespaceRows(Db db, TimeProvider time, CodespaceHost host, CodespaceLog logs, AuditLog audit)
{
    public Task<Codespace?> FindAsync(long id, CancellationToken cancellationToken) =>
        db.ReadAsync(session => CodespaceTable.FindAsync(session, id), cancellationToken);

    /// <summary>Finds a codespace of this host. Null also when it belongs to another host.</summary>
    public async Task<Codespace?> FindHereAsync(long id, CancellationToken cancellationToken) =>
        await FindAsync(id, cancellationToken) is { } found && found.Host == host.Name ? found : null;

    public Task<List<Codespace>> AllOfHostAsync(string host, CancellationToken cancellationToken) =>
        db.ReadAsync(session => CodespaceTable.AllOfHostAsync(session, host), cancellationToken);

    /// <summary>Asks for a stop, with the reason that its person has to know.</summary>
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

    /// <summary>Deletes the codespace when its retention period is over.</summary>
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

    /// <summary>Tells those who follow the log that other code has written the row.</summary>
    public void Changed(Codespace codespace) => logs.Changed(codespace.Id);

    /// <summary>Records that the codespace does not run any more.</summary>
    public async Task ShutDownAsync(Codespace codespace, string reason, CancellationToken cancellationToken)
    {
        await LogAsync(codespace, "stop", reason);
        await db.WriteAsync(session => CodespaceTable.ShutDownAsync(session, codespace, time.GetUtcNow()), cancellationToken);
        logs.Changed(codespace.Id);
    }

    /// <summary>Records that the codespace failed. This also ends its token.</summary>
    public async Task FailedAsync(Codespace codespace, string reason, CancellationToken cancellationToken)
    {
        await db.WriteAsync(session => CodespaceTable.FailedAsync(session, codespace, reason, time.GetUtcNow()), cancellationToken);
        logs.Changed(codespace.Id);
    }

    /// <summary>Records that no command of its start runs in the background any more.</summary>
    public async Task CommandsEndedAsync(Codespace codespace, CancellationToken cancellationToken)
    {
        await db.WriteAsync(session => CodespaceTable.CommandsEndedAsync(session, codespace), cancellationToken);
        logs.Changed(codespace.Id);
    }

    /// <summary>Removes the row of a codespace of which nothing is left.</summary>
    public async Task DeletedAsync(Codespace codespace, CancellationToken cancellationToken)
    {
        await db.WriteAsync(session => CodespaceTable.DeleteAsync(session, codespace.Id, time.GetUtcNow()), cancellationToken);
        logs.Changed(codespace.Id);
    }
}
