using Berth.Client.Wire;
using Berth.Server.Access;
using Berth.Server.Api;
using Berth.Server.Authentication;
using Berth.Server.Database;

namespace Berth.Server.Tokens;

/// <summary>
/// Makes tokens that stand for a workflow of a repository, on the word of a person. Such a token can read what the repository's workflows
/// can read, which may be more than the person: so it takes write on the repository, as putting a workflow there would.
/// </summary>
internal sealed class WorkflowTokens(Db db, TimeProvider time)
{
    private const string Resource = "WorkflowToken";
    private const long UsualSeconds = 3600;
    private const long MostSeconds = 24 * 3600;

    public async Task<WorkflowToken> MintAsync(
        UserPrincipal minter, RepositoryAccess access, HttpRequest request, CancellationToken cancellationToken)
    {
        var body = await JsonBody.ReadAsync(request, Resource, cancellationToken);
        var packages = body.Inner("permissions", required: true)?.Word("packages", required: true, "read", "write");
        var seconds = body.Number("expires_in", required: false, 1, MostSeconds) ?? UsualSeconds;
        var run = body.Text("run");
        var gitRef = body.Text("ref");
        body.Validate();
        var scope = packages + ":packages";
        if (!minter.Scopes.Has(scope))
        {
            ApiErrors.LacksScope(minter, [scope]).Throw();
        }

        var now = time.GetUtcNow();
        var expires = now.AddSeconds(seconds);
        var secret = TokenSecret.Create(TokenSecret.Workflow);
        var id = await db.WriteAsync(
            async session =>
            {
                await TokenTable.DeleteEndedWorkflowTokensAsync(session, access.Repository.Id, now - TimeSpan.FromDays(1));
                return await TokenTable.InsertAsync(
                    session,
                    new NewTokenRow
                    {
                        Kind = "workflow",
                        Hash = TokenSecret.Hash(secret),
                        UserId = minter.UserId,
                        RepositoryId = access.Repository.Id,
                        MinterTokenId = minter.TokenId,
                        Packages = packages,
                        Run = run,
                        Ref = gitRef,
                        CreatedAt = now,
                        ExpiresAt = expires,
                    });
            },
            cancellationToken);
        return new WorkflowToken
        {
            Id = id,
            Value = secret,
            ExpiresAt = expires,
            Permissions = new WorkflowPermissions(packages),
            Repository = access.Repository.FullName,
            Run = run,
            Ref = gitRef,
        };
    }
}
