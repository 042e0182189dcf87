using Berth.Server.Http;
using Berth.Server.Registries.Remote;

namespace Berth.Server.Webhooks;

/// <summary>
/// The connections to receivers: each address is judged when it is connected to, nothing follows a redirect, keeps a cookie or reads an
/// answer without end. Nothing is sent twice here; <see cref="SendDeliveries"/> knows when.
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
