using System.Net.Sockets;
using Berth.Server.Authentication;
using Berth.Server.Codespaces.Engine;
using Berth.Server.Settings;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Net.Http.Headers;

namespace Berth.Server.Codespaces.Connections.Ports;

/// <summary>
/// Passes one request of a browser on to a port of a codespace and the answer back, WebSockets included. What is Berth's stays here: its cookie, and an Authorization
/// that holds one of its tokens.
/// </summary>
internal sealed class PortProxy : IDisposable
{
    private static readonly HttpRequestOptionsKey<RunningCodespace> Target = new("codespace");

    /// <summary>Of the connection, not of the message (RFC 9110 section 7.6.1).</summary>
    private static readonly HashSet<string> Connection = new(StringComparer.OrdinalIgnoreCase)
    {
        "Connection", "Keep-Alive", "Proxy-Connection", "Proxy-Authenticate", "Proxy-Authorization", "TE", "Trailer", "Transfer-Encoding", "Upgrade",
    };

    private static readonly string[] Forwarded = ["Host", "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "Forwarded"];

    private readonly Authenticator _authenticator;
    private readonly BerthOptions _options;
    private readonly HttpMessageInvoker _client;

    public PortProxy(IContainerEngine engine, Authenticator authenticator, BerthOptions options)
    {
        (_authenticator, _options) = (authenticator, options);
        _client = new HttpMessageInvoker(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = false,
            AutomaticDecompression = System.Net.DecompressionMethods.None,
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(20),
            ConnectCallback = async (context, cancellationToken) =>
            {
                context.InitialRequestMessage.Options.TryGetValue(Target, out var running);
                var socket = await NetworkNamespace.ConnectAsync(engine, running!.Container, context.DnsEndPoint.Port, cancellationToken);
                return new NetworkStream(socket, ownsSocket: true);
            },
        });
    }

    public void Dispose() => _client.Dispose();

    /// <exception cref="HttpRequestException">Nothing answers there.</exception>
    public async Task ForwardAsync(HttpContext http, RunningCodespace running, int port)
    {
        var upgrade = http.Features.Get<IHttpUpgradeFeature>() is { IsUpgradableRequest: true } feature ? feature : null;
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            limit.MaxRequestBodySize = null;
        }

        using var request = await RequestAsync(http, running, port, upgrade is not null);
        using var response = await _client.SendAsync(request, http.RequestAborted);
        http.Response.StatusCode = (int)response.StatusCode;
        CopyHeaders(response, http.Response, keepUpgrade: upgrade is not null && response.StatusCode == System.Net.HttpStatusCode.SwitchingProtocols);
        if (upgrade is not null && response.StatusCode == System.Net.HttpStatusCode.SwitchingProtocols)
        {
            await TunnelAsync(await upgrade.UpgradeAsync(), await response.Content.ReadAsStreamAsync(http.RequestAborted), http.RequestAborted);
            return;
        }

        await using var body = await response.Content.ReadAsStreamAsync(http.RequestAborted);
        var buffer = new byte[32 * 1024];
        int read;
        while ((read = await body.ReadAsync(buffer, http.RequestAborted)) > 0)
        {
            // At once: events of a server come in small pieces.
            await http.Response.Body.WriteAsync(buffer.AsMemory(0, read), http.RequestAborted);
            await http.Response.Body.FlushAsync(http.RequestAborted);
        }
    }

    private async Task<HttpRequestMessage> RequestAsync(HttpContext http, RunningCodespace running, int port, bool upgrade)
    {
        // The host names the run, so that pooled connections are of this one; what the program sees is the Host header.
        var host = $"{running.Container.Id[..12]}-{running.Container.Pid}.codespace";
        var target = $"http://{host}:{port}{http.Request.PathBase.ToUriComponent()}{http.Request.Path.ToUriComponent()}{http.Request.QueryString.ToUriComponent()}";
        var request = new HttpRequestMessage(new HttpMethod(http.Request.Method), new Uri(target))
        {
            Version = System.Net.HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        request.Options.Set(Target, running);
        if (http.Request.ContentLength is > 0 || http.Request.Headers.TransferEncoding.Count > 0)
        {
            request.Content = new StreamContent(http.Request.Body);
        }

        var named = http.Request.Headers.Connection.SelectMany(value => (value ?? "").Split(',', StringSplitOptions.TrimEntries)).ToHashSet(StringComparer.OrdinalIgnoreCase);
        foreach (var (name, values) in http.Request.Headers)
        {
            if (Connection.Contains(name) || named.Contains(name) || Forwarded.Contains(name, StringComparer.OrdinalIgnoreCase) || name is "Cookie" or "Authorization" || name.StartsWith(':'))
            {
                continue;
            }

            if (!request.Headers.TryAddWithoutValidation(name, values.ToArray()))
            {
                request.Content?.Headers.TryAddWithoutValidation(name, values.ToArray());
            }
        }

        await OwnHeadersAsync(http, request, port, upgrade);
        return request;
    }

    private async Task OwnHeadersAsync(HttpContext http, HttpRequestMessage request, int port, bool upgrade)
    {
        request.Headers.Host = $"localhost:{port}";
        request.Headers.TryAddWithoutValidation("X-Forwarded-Host", http.Request.Host.Value);
        request.Headers.TryAddWithoutValidation("X-Forwarded-Proto", _options.BaseUri.Scheme);
        if (http.Connection.RemoteIpAddress is { } address)
        {
            request.Headers.TryAddWithoutValidation("X-Forwarded-For", address.ToString());
        }

        var cookies = http.Request.Headers.Cookie.SelectMany(value => (value ?? "").Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
            .Where(cookie => !cookie.Split('=')[0].TrimEnd().Equals(PortCookie.Name, StringComparison.Ordinal)).ToList();
        if (cookies.Count > 0)
        {
            request.Headers.TryAddWithoutValidation("Cookie", string.Join("; ", cookies));
        }

        var authorization = http.Request.Headers.Authorization.ToString();
        if (authorization.Length > 0 && !await IsBerthsAsync(authorization, http.RequestAborted))
        {
            request.Headers.TryAddWithoutValidation("Authorization", authorization);
        }

        if (upgrade)
        {
            request.Headers.TryAddWithoutValidation("Connection", "Upgrade");
            request.Headers.TryAddWithoutValidation("Upgrade", http.Request.Headers.Upgrade.ToArray());
        }
    }

    /// <summary>A program in a codespace never learns a token of Berth's, whoever sends it here.</summary>
    private async Task<bool> IsBerthsAsync(string authorization, CancellationToken cancellationToken) =>
        Credentials.TryParse(authorization, out var credentials)
        && (credentials.Secret.StartsWith("berth", StringComparison.Ordinal) || (await _authenticator.AuthenticateAsync(credentials.Secret, cancellationToken)).Principal is not null);

    private static void CopyHeaders(HttpResponseMessage from, HttpResponse to, bool keepUpgrade)
    {
        foreach (var (name, values) in from.Headers.Concat(from.Content.Headers))
        {
            if (Connection.Contains(name) && !(keepUpgrade && name is "Connection" or "Upgrade"))
            {
                continue;
            }

            to.Headers[name] = name.Equals("Set-Cookie", StringComparison.OrdinalIgnoreCase)
                ? values.Select(OfThisHost).Where(cookie => cookie is not null).ToArray()
                : values.ToArray();
        }
    }

    /// <summary>A cookie for the domain above would reach other codespaces; and Berth's own is nobody's to set.</summary>
    private static string? OfThisHost(string cookie)
    {
        if (!SetCookieHeaderValue.TryParse(cookie, out var parsed) || parsed.Name == PortCookie.Name)
        {
            return null;
        }

        parsed.Domain = default;
        return parsed.ToString();
    }

    private static async Task TunnelAsync(Stream client, Stream server, CancellationToken cancellationToken)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await using (client)
        await using (server)
        {
            var both = new[] { PumpAsync(client, server, ended.Token), PumpAsync(server, client, ended.Token) };
            await Task.WhenAny(both);
            await ended.CancelAsync();
            await Task.WhenAll(both);
        }
    }

    private static async Task PumpAsync(Stream from, Stream to, CancellationToken cancellationToken)
    {
        var buffer = new byte[16 * 1024];
        try
        {
            int read;
            while ((read = await from.ReadAsync(buffer, cancellationToken)) > 0)
            {
                await to.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
                await to.FlushAsync(cancellationToken);
            }
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException or ObjectDisposedException)
        {
            // One of the two has left.
        }
    }
}
