using Berth.Client.Wire;

namespace Berth.Client;

/// <content>Trust in the ID tokens of CI systems. A place is an organization, or a repository as <c>owner/name</c>.</content>
public sealed partial class BerthClient
{
    public Task<List<OidcTrust>> TrustsAsync(string place, CancellationToken cancellationToken) =>
        ListAsync<OidcTrust>(Trusts(place), cancellationToken);

    public Task<OidcTrust> AddTrustAsync(string place, NewOidcTrust trust, CancellationToken cancellationToken) =>
        SendAsync<NewOidcTrust, OidcTrust>(HttpMethod.Post, Trusts(place), trust, cancellationToken);

    public Task RemoveTrustAsync(string place, long id, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Delete, $"{Trusts(place)}/{id}", cancellationToken);

    private static string Trusts(string place) =>
        place.Contains('/', StringComparison.Ordinal) ? $"repos/{Repository(place)}/trusts" : $"orgs/{Escape(place)}/trusts";
}
