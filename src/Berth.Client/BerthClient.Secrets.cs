using System.Text;
using Berth.Client.Crypto;
using Berth.Client.Wire;

namespace Berth.Client;

/// <summary>Whose secrets are meant: the caller's own, a repository's or an organization's.</summary>
public sealed record SecretLevel
{
    private SecretLevel(string path, string text) => (Path, Text) = (path, text);

    /// <summary>The caller's own secrets.</summary>
    public static SecretLevel User { get; } = new("user/codespaces/secrets", "yours");

    internal string Path { get; }

    private string Text { get; }

    /// <param name="fullName"><c>owner/name</c>.</param>
    public static SecretLevel Repository(string fullName) => new($"repos/{BerthClient.Repository(fullName)}/codespaces/secrets", fullName);

    public static SecretLevel Organization(string login) => new($"orgs/{Uri.EscapeDataString(login)}/codespaces/secrets", login);

    /// <summary>The name for people: <c>acme/app</c>.</summary>
    public override string ToString() => Text;
}

/// <summary>
/// Secrets of codespaces. Values are sealed here, so they are never sent in plain text, and the server never returns them.
/// </summary>
public sealed partial class BerthClient
{
    public async Task<List<Secret>> SecretsAsync(SecretLevel level, CancellationToken cancellationToken)
    {
        List<Secret> items = [];
        for (var page = 1; ; page++)
        {
            var list = await GetAsync<SecretList>($"{level.Path}?per_page=100&page={page}", cancellationToken).ConfigureAwait(false);
            items.AddRange(list.Secrets);
            if (list.Secrets.Count == 0 || items.Count >= list.TotalCount)
            {
                return items;
            }
        }
    }

    public Task<Secret> SecretAsync(SecretLevel level, string name, CancellationToken cancellationToken) =>
        GetAsync<Secret>($"{level.Path}/{Escape(name)}", cancellationToken);

    public Task<SecretPublicKey> SecretPublicKeyAsync(SecretLevel level, CancellationToken cancellationToken) =>
        GetAsync<SecretPublicKey>(level.Path + "/public-key", cancellationToken);

    /// <summary>Seals a value and stores it.</summary>
    /// <param name="value">At most 48 KiB as UTF-8.</param>
    /// <param name="repositories">Null: the selected repositories stay as they are.</param>
    /// <returns>Returns whether the secret belongs to a complete login for a registry. The server checks the login then:
    /// <see cref="SecretCheckAsync"/>.</returns>
    public async Task<bool> SetSecretAsync(
        SecretLevel level, string name, string value, SecretPublicKey key, string? visibility, IReadOnlyList<long>? repositories,
        CancellationToken cancellationToken)
    {
        var change = new SecretChange
        {
            EncryptedValue = Convert.ToBase64String(SealedBox.Seal(Encoding.UTF8.GetBytes(value), Convert.FromBase64String(key.Key))),
            KeyId = key.KeyId,
            Visibility = visibility,
            SelectedRepositoryIds = repositories,
        };
        using var content = System.Net.Http.Json.JsonContent.Create(change, BerthJson.Wire.Of<SecretChange>());
        using var response = await RequestAsync(HttpMethod.Put, $"{level.Path}/{Escape(name)}", content, cancellationToken)
            .ConfigureAwait(false);
        return response.Headers.Contains("Berth-Registry-Check");
    }

    /// <summary>The check of the login that a secret belongs to. Waits for its end.</summary>
    public Task<RegistryCheckReport> SecretCheckAsync(SecretLevel level, string name, CancellationToken cancellationToken) =>
        GetAsync<RegistryCheckReport>($"{level.Path}/{Escape(name)}/registry-check", cancellationToken);

    /// <summary>Tries a login, or the sets of secrets that a codespace would get.</summary>
    public Task<RegistryCheckReport> CheckRegistryAsync(RegistryCheckRequest request, CancellationToken cancellationToken) =>
        SendAsync<RegistryCheckRequest, RegistryCheckReport>(HttpMethod.Post, "registry-check", request, cancellationToken);

    public Task DeleteSecretAsync(SecretLevel level, string name, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Delete, $"{level.Path}/{Escape(name)}", cancellationToken);

    public async Task<List<Repository>> SecretRepositoriesAsync(SecretLevel level, string name, CancellationToken cancellationToken)
    {
        List<Repository> items = [];
        for (var page = 1; ; page++)
        {
            var list = await GetAsync<SelectedRepositoryList>(
                $"{level.Path}/{Escape(name)}/repositories?per_page=100&page={page}", cancellationToken)
                .ConfigureAwait(false);
            items.AddRange(list.Repositories);
            if (list.Repositories.Count == 0 || items.Count >= list.TotalCount)
            {
                return items;
            }
        }
    }

    public Task SetSecretRepositoriesAsync(
        SecretLevel level, string name, IReadOnlyList<long> repositories, CancellationToken cancellationToken) =>
        SendAsync(
            HttpMethod.Put, $"{level.Path}/{Escape(name)}/repositories", new SecretRepositories { SelectedRepositoryIds = repositories },
            cancellationToken);

    public Task AddSecretRepositoryAsync(SecretLevel level, string name, long repository, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Put, $"{level.Path}/{Escape(name)}/repositories/{repository}", cancellationToken);

    public Task RemoveSecretRepositoryAsync(SecretLevel level, string name, long repository, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Delete, $"{level.Path}/{Escape(name)}/repositories/{repository}", cancellationToken);

    /// <summary>The latest rotation of the server's master key.</summary>
    public Task<MasterKeyRotation> KeyRotationAsync(CancellationToken cancellationToken) =>
        GetAsync<MasterKeyRotation>("admin/keys/rotation", cancellationToken);

    /// <summary>Begins a rotation, or returns the running one.</summary>
    public Task<MasterKeyRotation> RotateKeysAsync(bool singleServer, CancellationToken cancellationToken) =>
        SendAsync<NewKeyRotation, MasterKeyRotation>(
            HttpMethod.Post, "admin/keys/rotation", new NewKeyRotation(singleServer), cancellationToken);
}
