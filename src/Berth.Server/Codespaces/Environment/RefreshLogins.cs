using Berth.Server.Access;
using Berth.Server.Codespaces.Images;

namespace Berth.Server.Codespaces.Environment;

/// <summary>
/// Renews the logins of registries that last only hours, and writes them into running codespaces. It does so when half of their life is
/// over.
/// </summary>
internal sealed class RefreshLogins(
    EnvironmentContents contents, EnvironmentStates states, RegistryAccess registries, CollectDockerLogins logins, CodespaceLog logs,
    TimeProvider time)
{
    public async Task RunAsync(Codespace codespace, CancellationToken cancellationToken)
    {
        if (codespace.RepositoryId is not { } repository || !await contents.IsStaleAsync(codespace, time.GetUtcNow(), cancellationToken))
        {
            return;
        }

        var state = await states.FindAsync(codespace.Id, cancellationToken);
        await using var log = logs.Open(codespace);
        log.Mask(state.Token);
        var principal = new CodespacePrincipal(
            codespace.Id, codespace.Name, repository, codespace.RepositoryFullName, codespace.OwnerId, codespace.OwnerLogin, TokenId: 0)
        {
            IsPrebuild = codespace.IsPrebuild,
        };
        var credentials = await registries.LoadAsync(principal, state.Token, (_, _) => { }, log.Mask, cancellationToken);
        await contents.RefreshAsync(
            codespace, await logins.RunAsync(credentials with { Log = log.Write }, cancellationToken), cancellationToken);
    }
}
