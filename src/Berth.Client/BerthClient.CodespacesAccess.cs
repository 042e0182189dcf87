using Berth.Client.Wire;

namespace Berth.Client;

/// <summary>Who may have codespaces of an organization's repositories.</summary>
public sealed partial class BerthClient
{
    public Task<CodespacesAccess> CodespacesAccessAsync(string org, CancellationToken cancellationToken) =>
        GetAsync<CodespacesAccess>(AccessPath(org), cancellationToken);

    /// <param name="access">The list of users stays as it is if it is left out.</param>
    public Task SetCodespacesAccessAsync(string org, CodespacesAccess access, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Put, AccessPath(org), access, cancellationToken);

    public Task SelectCodespacesUsersAsync(string org, IReadOnlyList<string> logins, CancellationToken cancellationToken) =>
        SendAsync(
            HttpMethod.Post, AccessPath(org) + "/selected_users", new SelectedUsers { SelectedUsernames = logins }, cancellationToken);

    public Task UnselectCodespacesUsersAsync(string org, IReadOnlyList<string> logins, CancellationToken cancellationToken) =>
        SendAsync(
            HttpMethod.Delete, AccessPath(org) + "/selected_users", new SelectedUsers { SelectedUsernames = logins }, cancellationToken);

    private static string AccessPath(string org) => $"orgs/{Escape(org)}/codespaces/access";
}
