using Berth.Server.Access;
using Berth.Server.Codespaces.Permissions;
using Berth.Server.Database;
using Berth.Server.Faults;

namespace Berth.Server.Codespaces.Steps;

/// <summary>
/// Settles whose packages beside its own repository's the codespace may read: what the configuration asks for, as far as its creator
/// permits it.
/// </summary>
internal sealed class SettlePermissions(CodespacePermissions permissions, AccessDecisions access, Db db)
{
    public async Task RunAsync(ReadStart start, CancellationToken cancellationToken)
    {
        var codespace = start.Codespace;
        var found = await access.RepositoryAsync(codespace.OwnerId, start.Principal.RepositoryId, cancellationToken)
            ?? throw new FaultException(FaultKind.Repository, $"{codespace.RepositoryFullName} is not there any more");
        var review = await permissions.ReviewAsync(
            found.Repository, codespace.OwnerId, codespace.OwnerLogin, start.Plan.File, cancellationToken);
        foreach (var line in review.Lines(found.Repository, codespace.OwnerLogin, codespace.PermissionsOptOut))
        {
            start.Log.Write("permissions", line);
        }

        var targets = codespace.PermissionsOptOut ? [] : review.Asked.Select(asked => asked.Repository.Id).Order().ToList();
        if (!targets.SequenceEqual(
            await db.ReadAsync(session => CodespacePermissionTable.TargetsAsync(session, codespace.Id), cancellationToken)))
        {
            await db.WriteAsync(session => CodespacePermissionTable.SetTargetsAsync(session, codespace.Id, targets), cancellationToken);
        }
    }
}
