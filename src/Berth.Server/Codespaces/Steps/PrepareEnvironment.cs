using Berth.Server.Access;
using Berth.Server.Codespaces.Images;
using Berth.Server.Codespaces.Environment;
using Berth.Server.Faults;
using Berth.Server.Secrets;

namespace Berth.Server.Codespaces.Steps;

/// <summary>Settles what the codespace's processes get: secrets and variables, and logins of registries.</summary>
internal sealed class PrepareEnvironment(
    AccessDecisions access, CodespaceSecrets secrets, CollectDockerLogins logins, EnvironmentContents contents)
{
    public async Task<CodespaceEnvironment> RunAsync(
        AdmittedStart start, string token, StartCredentials credentials, CancellationToken cancellationToken)
    {
        var codespace = start.Codespace;
        var found = await access.RepositoryAsync(codespace.OwnerId, start.Principal.RepositoryId, cancellationToken)
            ?? throw new FaultException(FaultKind.Repository, $"{codespace.RepositoryFullName} was deleted");
        var visible = await secrets.LoadAsync(codespace.OwnerId, own: !codespace.IsPrebuild, found.Repository, cancellationToken);
        var collected = await logins.RunAsync(credentials, cancellationToken);
        return await contents.BeginAsync(codespace, found.Repository, token, visible, collected, start.Log, cancellationToken);
    }
}
