using Berth.Server.Http;
using Berth.Server.Registries.Remote;

namespace Berth.Server.Webhooks;

/// <summary>
/// The connections to receivers. Each address is judged when it is connected to. Redirects are not followed, cookies are not kept, and
/// answers are read up to a limit. Nothing is repeated here, since <see cref="SendDeliveries"/> decides when.
/// </summary>
internal sealed class HookHttp : IDisposable
{
    private readonly HttpClient _client;

    public HookHttp(OutgoingOptions options, OutgoingNetworks networks)
    {
        _client = new HttpClient(RemoteHttp.Handler(options, networks.ConnectAsync)) { Timeout = Timeout.InfiniteTimeSpan };
    }

    public Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
        _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);

    public void Dispose() => _client.Dispose();
}
