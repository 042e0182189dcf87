using Berth.Server.Access;
using Berth.Server.Codespaces.Permissions;
using Berth.Server.Database;
using Berth.Server.Faults;

namespace Berth.Server.Codespaces.Steps;

/// <summary>
/// Determines which packages and git repositories of others the codespace may use: those that the configuration asks for and its creator
/// permits.
/// </summary>
internal sealed class SettlePermissions(CodespacePermissions permissions, AccessDecisions access, Db db, SettleGitLogins git)
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

        foreach (var kind in Enum.GetValues<PermissionKind>())
        {
            List<long> targets = codespace.PermissionsOptOut ? [] : [.. review.Targets(kind).Order()];
            if (!targets.SequenceEqual(
                await db.ReadAsync(session => CodespacePermissionTable.TargetsAsync(session, kind, codespace.Id), cancellationToken)))
            {
                await db.WriteAsync(
                    session => CodespacePermissionTable.SetTargetsAsync(session, kind, codespace.Id, targets), cancellationToken);
            }
        }

        await git.RunAsync(start, cancellationToken);
    }
}
