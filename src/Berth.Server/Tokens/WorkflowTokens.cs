using Berth.Client.Wire;
using Berth.Server.Access;
using Berth.Server.Api;
using Berth.Server.Audit;
using Berth.Server.Authentication;
using Berth.Server.Database;

namespace Berth.Server.Tokens;

/// <summary>
/// Makes tokens that stand for a workflow of a repository, when a person asks. Such a token can read what the repository's workflows can
/// read, which may be more than the person can. So the person needs write on the repository, as for adding a workflow there.
/// </summary>
internal sealed class WorkflowTokens(Db db, AuditLog audit, TimeProvider time)
{
    private const long UsualSeconds = 3600;

    public async Task<WorkflowToken> MintAsync(
        ApiCaller caller, RepositoryAccess access, NewWorkflowToken wanted, CancellationToken cancellationToken)
    {
        var minter = caller.User;
        var packages = wanted.Permissions.Packages;
        var scope = packages + ":packages";
        if (!minter.Scopes.Has(scope))
        {
            ApiErrors.LacksScope(minter, [scope]).Throw();
        }

        var owner = await db.ReadAsync(
            session => AccessDecisions.NamespaceAsync(session, minter.UserId, access.Repository.OwnerLogin), cancellationToken);
        if (owner is not null && AccessRules.PolicyFault(minter, owner.Owner) is { } fault)
        {
            // Otherwise the minter's token would reach the packages through a token that it made.
            ApiErrors.Forbidden(minter, fault).Throw();
        }

        var now = time.GetUtcNow();
        var expires = now.AddSeconds(wanted.ExpiresIn ?? UsualSeconds);
        var secret = TokenSecret.Create(TokenSecret.Workflow);
        var id = await db.WriteAsync(
            async session =>
            {
                await TokenTable.DeleteEndedWorkflowTokensAsync(session, access.Repository.Id, now - TimeSpan.FromDays(1));
                var made = await TokenTable.InsertAsync(
                    session,
                    new NewTokenRow
                    {
                        Kind = "workflow",
                        Hash = TokenSecret.Hash(secret),
                        UserId = minter.UserId,
                        RepositoryId = access.Repository.Id,
                        MinterTokenId = minter.TokenId,
                        Packages = packages,
                        Run = wanted.Run,
                        Ref = wanted.Ref,
                        CreatedAt = now,
                        ExpiresAt = expires,
                    });
                await audit.RecordAsync(
                    session, caller.Actor,
                    AuditEntry.On(access.Repository, "workflow_token.create", PersonalTokens.Subject(made)) with { New = scope });
                return made;
            },
            cancellationToken);
        return new WorkflowToken
        {
            Id = id,
            Value = secret,
            ExpiresAt = expires,
            Permissions = wanted.Permissions,
            Repository = access.Repository.FullName,
            Run = wanted.Run,
            Ref = wanted.Ref,
        };
    }
}
