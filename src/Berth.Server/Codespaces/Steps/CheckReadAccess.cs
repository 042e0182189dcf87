using Berth.Server.Access;
using Berth.Server.Database;
using Berth.Server.Faults;

namespace Berth.Server.Codespaces.Steps;

/// <summary>
/// Checks that the creator may still read the repository and have codespaces of it. Returns the principal that asks for images.
/// </summary>
internal sealed class CheckReadAccess(AccessDecisions access, Db db)
{
    /// <exception cref="FaultException">The creator may not any more.</exception>
    public async Task<CodespacePrincipal> RunAsync(Codespace codespace, CancellationToken cancellationToken)
    {
        if (codespace.RepositoryId is not { } repositoryId)
        {
            throw new FaultException(
                FaultKind.Denied, $"{codespace.RepositoryFullName} was deleted, and codespaces of it do not start any more");
        }

        if (await access.RepositoryAsync(codespace.OwnerId, repositoryId, cancellationToken) is not { } found
            || !AccessRules.MayRead(found.Standing))
        {
            throw new FaultException(
                FaultKind.Denied,
                $"{codespace.OwnerLogin} can no longer read {codespace.RepositoryFullName}",
                "an admin of the repository can give read access again");
        }

        var decision = AccessRules.Decide(await db.ReadAsync(
            session => CodespaceAccessTable.FactsAsync(session, found.Repository, codespace.OwnerId, codespace.OwnerLogin),
            cancellationToken));
        if (!decision.Allowed)
        {
            throw new FaultException(FaultKind.Denied, decision.Reason!, decision.Remedy);
        }

        return new CodespacePrincipal(
            codespace.Id, codespace.Name, repositoryId, found.Repository.FullName, codespace.OwnerId, codespace.OwnerLogin, TokenId: 0)
        {
            IsPrebuild = codespace.IsPrebuild,
        };
    }
}
