using Berth.Client.Wire;

namespace Berth.Client;

/// <summary>The permissions that repositories ask for their codespaces, and those that the user gives.</summary>
public sealed partial class BerthClient
{
    /// <param name="repository"><c>owner/name</c>.</param>
    /// <param name="reference">A branch or tag. Null: the remote's default branch.</param>
    /// <param name="devcontainerPath">Null: the usual places are searched.</param>
    public Task<CodespacePermissionsCheck> CheckCodespacePermissionsAsync(
        string repository, string? reference, string? devcontainerPath, CancellationToken cancellationToken) =>
        GetAsync<CodespacePermissionsCheck>(
            $"repos/{Repository(repository)}/codespaces/permissions_check?ref={Escape(reference ?? "")}&devcontainer_path="
                + $"{Escape(devcontainerPath ?? "")}",
            cancellationToken);

    public Task<CodespacePermissionList> CodespacePermissionsAsync(string repository, CancellationToken cancellationToken) =>
        GetAsync<CodespacePermissionList>(Permissions(repository), cancellationToken);

    /// <summary>Replaces the permitted repositories.</summary>
    public Task SetCodespacePermissionsAsync(string repository, CodespacePermissionList permitted, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Put, Permissions(repository), permitted, cancellationToken);

    private static string Permissions(string repository) => $"repos/{Repository(repository)}/codespaces/permissions";
}
