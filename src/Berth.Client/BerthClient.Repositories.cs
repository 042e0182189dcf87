using Berth.Client.Wire;

namespace Berth.Client;

/// <summary>Repositories, collaborators and tokens.</summary>
public sealed partial class BerthClient
{
    /// <param name="owner">Null: the repositories on which the caller has a role by name.</param>
    public Task<List<Repository>> RepositoriesAsync(string? owner, CancellationToken cancellationToken) =>
        ListAsync<Repository>(owner is null ? "user/repos" : $"users/{Escape(owner)}/repos", cancellationToken);

    /// <param name="fullName"><c>owner/name</c>.</param>
    public Task<Repository> RepositoryAsync(string fullName, CancellationToken cancellationToken) =>
        GetAsync<Repository>($"repos/{Repository(fullName)}", cancellationToken);

    /// <param name="owner">The caller or an organization.</param>
    public async Task<Repository> CreateRepositoryAsync(string owner, RepositoryChange repository, CancellationToken cancellationToken)
    {
        var account = await AccountAsync(owner, cancellationToken).ConfigureAwait(false);
        if (account.Type != "Organization"
            && !account.Login.Equals((await UserAsync(cancellationToken).ConfigureAwait(false)).Login, StringComparison.OrdinalIgnoreCase))
        {
            throw new BerthException(
                System.Net.HttpStatusCode.Forbidden, $"repositories of {account.Login} are made by {account.Login}", null);
        }

        var path = account.Type == "Organization" ? $"orgs/{Escape(account.Login)}/repos" : "user/repos";
        return await SendAsync<RepositoryChange, Repository>(HttpMethod.Post, path, repository, cancellationToken).ConfigureAwait(false);
    }

    public Task<Repository> ChangeRepositoryAsync(string fullName, RepositoryChange change, CancellationToken cancellationToken) =>
        SendAsync<RepositoryChange, Repository>(HttpMethod.Patch, $"repos/{Repository(fullName)}", change, cancellationToken);

    public Task DeleteRepositoryAsync(string fullName, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Delete, $"repos/{Repository(fullName)}", cancellationToken);

    public Task<Repository> TransferRepositoryAsync(string fullName, string newOwner, CancellationToken cancellationToken) =>
        SendAsync<RepositoryTransfer, Repository>(
            HttpMethod.Post, $"repos/{Repository(fullName)}/transfer", new RepositoryTransfer { NewOwner = newOwner }, cancellationToken);

    public Task<List<Collaborator>> CollaboratorsAsync(string fullName, CancellationToken cancellationToken) =>
        ListAsync<Collaborator>($"repos/{Repository(fullName)}/collaborators", cancellationToken);

    public Task SetCollaboratorAsync(string fullName, string login, string permission, CancellationToken cancellationToken) =>
        SendAsync(
            HttpMethod.Put, $"repos/{Repository(fullName)}/collaborators/{Escape(login)}", new PermissionChange(permission),
            cancellationToken);

    public Task RemoveCollaboratorAsync(string fullName, string login, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Delete, $"repos/{Repository(fullName)}/collaborators/{Escape(login)}", cancellationToken);

    public Task<CollaboratorPermission> PermissionAsync(string fullName, string login, CancellationToken cancellationToken) =>
        GetAsync<CollaboratorPermission>($"repos/{Repository(fullName)}/collaborators/{Escape(login)}/permission", cancellationToken);

    public Task<List<Token>> TokensAsync(CancellationToken cancellationToken) => ListAsync<Token>("user/tokens", cancellationToken);

    public Task<Token> CreateTokenAsync(NewToken token, CancellationToken cancellationToken) =>
        SendAsync<NewToken, Token>(HttpMethod.Post, "user/tokens", token, cancellationToken);

    /// <summary>Ends all of the caller's own tokens, including the one of this request.</summary>
    public Task DeleteTokensAsync(CancellationToken cancellationToken) => SendAsync(HttpMethod.Delete, "user/tokens", cancellationToken);

    public Task DeleteTokenAsync(long id, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Delete, $"user/tokens/{id}", cancellationToken);

    public Task<WorkflowToken> CreateWorkflowTokenAsync(string fullName, NewWorkflowToken token, CancellationToken cancellationToken) =>
        SendAsync<NewWorkflowToken, WorkflowToken>(
            HttpMethod.Post, $"repos/{Repository(fullName)}/workflow-tokens", token, cancellationToken);
}
