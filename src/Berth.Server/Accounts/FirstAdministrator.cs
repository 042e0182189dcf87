using System.Security.Cryptography;
using Berth.Server.Access;
using Berth.Server.Cryptography;
using Berth.Server.Database;
using Berth.Server.Settings;
using Berth.Server.Authentication;

namespace Berth.Server.Accounts;

/// <summary>
/// Creates the account <c>admin</c> and its token at the first start. The token is that of <c>BERTH_ADMIN_TOKEN</c>, or else a new one in
/// the file <c>admin-token</c> of the data folder. A changed <c>BERTH_ADMIN_TOKEN</c> replaces the previous one.
/// </summary>
internal sealed partial class FirstAdministrator(
    AccountOptions options, DataOptions data, Db db, TimeProvider time, ILogger<FirstAdministrator> logger)
{
    private const string Note = "first administrator";

    public async Task EnsureAsync(CancellationToken cancellationToken)
    {
        var exists = await db.ReadAsync(
            session => session.SingleAsync<long>(
                "select count(*) from tokens where note = @note and kind = 'personal'", new { note = Note }),
            cancellationToken) > 0;
        if (!string.IsNullOrEmpty(options.AdminToken))
        {
            await StoreAsync(options.AdminToken, cancellationToken);
        }
        else if (!exists)
        {
            var path = Path.Combine(data.DataPath, "admin-token");

            // Write the file first. A crash in between then leaves a file that the next start uses, and never an administrator whose token
            // nobody knows.
            if (!File.Exists(path))
            {
                PrivateFile.Write(path, TokenSecret.Create(TokenSecret.Personal) + "\n");
            }

            await StoreAsync((await File.ReadAllTextAsync(path, cancellationToken)).Trim(), cancellationToken);
            LogMade(path);
        }
    }

    private async Task StoreAsync(string secret, CancellationToken cancellationToken)
    {
        var hash = TokenSecret.Hash(secret);
        var now = time.GetUtcNow();
        await db.WriteAsync(
            async session =>
            {
                var user = await AccountTable.EnsureSiteAdminAsync(session, "admin", now);
                var known = await TokenTable.FindAsync(session, hash);
                if (known is not null && CryptographicOperations.FixedTimeEquals(known.Hash, hash))
                {
                    return;
                }

                await TokenTable.DeleteNotedAsync(session, user, Note);
                await TokenTable.InsertAsync(
                    session,
                    new NewTokenRow
                    {
                        Kind = "personal",
                        Hash = hash,
                        UserId = user,
                        Note = Note,
                        Scopes = Scopes.All.ToString(),
                        CreatedAt = now,
                    });
            },
            cancellationToken);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Made the first administrator, admin; its token is in {Path}")]
    private partial void LogMade(string path);
}
