using Berth.Client.Wire;

namespace Berth.Client;

/// <summary>Webhooks of repositories and organizations.</summary>
public sealed partial class BerthClient
{
    /// <param name="place"><c>owner/name</c> of a repository, or an organization.</param>
    public Task<List<Hook>> HooksAsync(string place, CancellationToken cancellationToken) =>
        ListAsync<Hook>(HookPath(place), cancellationToken);

    public Task<Hook> CreateHookAsync(string place, HookChange wanted, CancellationToken cancellationToken) =>
        SendAsync<HookChange, Hook>(HttpMethod.Post, HookPath(place), wanted, cancellationToken);

    public Task DeleteHookAsync(string place, long id, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Delete, $"{HookPath(place)}/{id}", cancellationToken);

    public Task PingHookAsync(string place, long id, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Post, $"{HookPath(place)}/{id}/pings", cancellationToken);

    public Task<List<HookDelivery>> HookDeliveriesAsync(string place, long id, CancellationToken cancellationToken) =>
        ListAsync<HookDelivery>($"{HookPath(place)}/{id}/deliveries", cancellationToken);

    public Task RedeliverAsync(string place, long id, long delivery, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Post, $"{HookPath(place)}/{id}/deliveries/{delivery}/attempts", cancellationToken);

    private static string HookPath(string place) =>
        place.Contains('/', StringComparison.Ordinal) ? $"repos/{Repository(place)}/hooks" : $"orgs/{Escape(place)}/hooks";
}
