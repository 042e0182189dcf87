using System.Net;
using System.Net.Sockets;
using Berth.Server.Authentication;
using Berth.Server.Http;
using Microsoft.AspNetCore.Http.Features;
using Yarp.ReverseProxy.Forwarder;

namespace Berth.Server.Codespaces.Connections.Ports;

/// <summary>
/// Passes one request of a browser on to a port of a codespace, and the answer back, including WebSockets. The forwarder does the work.
/// This class decides where it connects to, and <see cref="PortHeaders"/> which headers pass.
/// </summary>
internal sealed class PortProxy : IDisposable
{
    /// <summary>Streams and WebSockets may be silent for as long as their program likes.</summary>
    private static readonly ForwarderRequestConfig Config = new()
    {
        ActivityTimeout = Timeout.InfiniteTimeSpan,
        Version = HttpVersion.Version11,
        VersionPolicy = HttpVersionPolicy.RequestVersionExact,
    };

    private readonly IHttpForwarder _forwarder;
    private readonly Authenticator _authenticator;
    private readonly AddressOptions _options;
    private readonly HttpMessageInvoker _client;

    public PortProxy(IHttpForwarder forwarder, PortConnector connect, Authenticator authenticator, AddressOptions options)
    {
        (_forwarder, _authenticator, _options) = (forwarder, authenticator, options);
        _client = new HttpMessageInvoker(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = false,
            AutomaticDecompression = DecompressionMethods.None,
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(20),
            ConnectCallback = async (context, cancellationToken) =>
            {
                var running = PortHeaders.TargetOf(context.InitialRequestMessage);
                var socket = await connect(running.Container, context.DnsEndPoint.Port, cancellationToken);
                return new NetworkStream(socket, ownsSocket: true);
            },
        });
    }

    public void Dispose() => _client.Dispose();

    /// <returns>False when nothing answers on the port. The response is unchanged then.</returns>
    public async Task<bool> ForwardAsync(HttpContext http, RunningCodespace running, int port)
    {
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            limit.MaxRequestBodySize = null;
        }

        var hides = await IsBerthsAsync(http.Request.Headers.Authorization.ToString(), http.RequestAborted);
        var own = http.Response.Headers.ToList();

        // The host name identifies the run, so that pooled connections are never those of another one. The program sees the Host header.
        var destination = $"http://{running.Container.Id[..12]}-{running.Container.Pid}.codespace:{port}";
        var headers = new PortHeaders(running, port, _options.BaseUri.Scheme, hides);
        var error = await _forwarder.SendAsync(http, destination, _client, Config, headers);
        if (error == ForwarderError.None || http.Response.HasStarted || http.RequestAborted.IsCancellationRequested)
        {
            return true;
        }

        http.Response.Clear();
        own.ForEach(http.Response.Headers.Add);
        return false;
    }

    /// <summary>
    /// Says whether the header holds a token of Berth's. A program in a codespace must never learn one, whoever sends it.
    /// </summary>
    private async Task<bool> IsBerthsAsync(string authorization, CancellationToken cancellationToken) =>
        Credentials.TryParse(authorization, out var credentials)
        && (credentials.Secret.StartsWith("berth", StringComparison.Ordinal)
            || (await _authenticator.AuthenticateAsync(credentials.Secret, cancellationToken)).Principal is not null);
}
