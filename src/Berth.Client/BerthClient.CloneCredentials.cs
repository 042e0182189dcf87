using Berth.Client.Wire;

namespace Berth.Client;

/// <summary>The credentials for private git servers.</summary>
public sealed partial class BerthClient
{
    /// <param name="repository"><c>owner/name</c>.</param>
    public Task<CloneCredential> CloneCredentialAsync(string repository, bool own, CancellationToken cancellationToken) =>
        GetAsync<CloneCredential>(CredentialPath(repository, own), cancellationToken);

    public Task SetCloneCredentialAsync(string repository, bool own, NewCloneCredential credential, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Put, CredentialPath(repository, own), credential, cancellationToken);

    public Task DeleteCloneCredentialAsync(string repository, bool own, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Delete, CredentialPath(repository, own), cancellationToken);

    private static string CredentialPath(string repository, bool own) =>
        $"repos/{Repository(repository)}/{(own ? "codespaces/" : "")}clone-credential";
}
