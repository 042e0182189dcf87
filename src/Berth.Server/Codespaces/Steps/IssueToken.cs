using Berth.Server.Database;
using Berth.Server.Authentication;

namespace Berth.Server.Codespaces.Steps;

/// <summary>
/// Makes the codespace's token, which is valid from this start to the next stop. It replaces the token of an interrupted start.
/// </summary>
internal sealed class IssueToken(Db db, TimeProvider time)
{
    public async Task<string> RunAsync(BegunStart start, CancellationToken cancellationToken)
    {
        var codespace = start.Codespace;
        var secret = TokenSecret.Create(TokenSecret.Codespace);
        await db.WriteAsync(
            async session =>
            {
                await TokenTable.DeleteOfCodespaceAsync(session, codespace.Id);
                await TokenTable.InsertAsync(session, new NewTokenRow
                {
                    Kind = "codespace",
                    Hash = TokenSecret.Hash(secret),
                    UserId = codespace.OwnerId,
                    RepositoryId = codespace.RepositoryId,
                    CodespaceId = codespace.Id,
                    Note = $"start {codespace.Attempt}",
                    CreatedAt = time.GetUtcNow(),
                });
            },
            cancellationToken);
        start.Log.Mask(secret);
        return secret;
    }
}
