using System.Net.Http.Headers;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;
using Yarp.ReverseProxy.Forwarder;

namespace Berth.Server.Codespaces.Connections.Ports;

/// <summary>
/// Decides which headers of a browser's request a program in a codespace gets, and which of its answer go back. What belongs to Berth stays
/// here: its cookie, and an Authorization header with one of its tokens.
/// </summary>
internal sealed class PortHeaders(RunningCodespace running, int port, string scheme, bool hidesAuthorization) : HttpTransformer
{
    private const string UpgradeInsecureRequests = "Upgrade-Insecure-Requests";
    private static readonly HttpRequestOptionsKey<RunningCodespace> Target = new("codespace");

    /// <summary>Headers that only Berth may set, since programs trust them.</summary>
    private static readonly string[] Forwarded = ["X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "Forwarded"];

    /// <summary>The codespace that a request goes to.</summary>
    public static RunningCodespace TargetOf(HttpRequestMessage request) =>
        request.Options.TryGetValue(Target, out var running) ? running : throw new InvalidOperationException("not a request to a port");

    public override async ValueTask TransformRequestAsync(
        HttpContext httpContext, HttpRequestMessage proxyRequest, string destinationPrefix, CancellationToken cancellationToken)
    {
        await base.TransformRequestAsync(httpContext, proxyRequest, destinationPrefix, cancellationToken);
        var (from, headers) = (httpContext.Request, proxyRequest.Headers);
        proxyRequest.Options.Set(Target, running);

        // Keep an escaped slash as it is. The forwarder would escape its percent sign again.
        proxyRequest.RequestUri = new Uri(
            destinationPrefix + from.PathBase.ToUriComponent() + from.Path.ToUriComponent() + from.QueryString.ToUriComponent());
        RemoveNamed(from, headers);
        RemoveNamed(from, proxyRequest.Content?.Headers);
        foreach (var name in Forwarded)
        {
            headers.Remove(name);
        }

        headers.Host = $"localhost:{port}";
        headers.TryAddWithoutValidation("X-Forwarded-Host", from.Host.Value);
        headers.TryAddWithoutValidation("X-Forwarded-Proto", scheme);
        if (httpContext.Connection.RemoteIpAddress is { } address)
        {
            headers.TryAddWithoutValidation("X-Forwarded-For", address.ToString());
        }

        // The forwarder takes this header for one of the connection and drops it.
        if (from.Headers.TryGetValue(UpgradeInsecureRequests, out var wish))
        {
            headers.TryAddWithoutValidation(UpgradeInsecureRequests, wish.ToString());
        }

        if (hidesAuthorization)
        {
            headers.Remove(HeaderNames.Authorization);
        }

        headers.Remove(HeaderNames.Cookie);
        if (CookiesOf(from) is { Length: > 0 } cookies)
        {
            headers.TryAddWithoutValidation(HeaderNames.Cookie, cookies);
        }
    }

    public override async ValueTask<bool> TransformResponseAsync(
        HttpContext httpContext, HttpResponseMessage? proxyResponse, CancellationToken cancellationToken)
    {
        if (proxyResponse is null)
        {
            return false;
        }

        // Headers of the program replace those that Berth has set. The forwarder would add to them.
        var to = httpContext.Response.Headers;
        foreach (var (name, _) in proxyResponse.Headers.NonValidated.Concat(proxyResponse.Content.Headers.NonValidated))
        {
            to.Remove(name);
        }

        var goes = await base.TransformResponseAsync(httpContext, proxyResponse, cancellationToken);
        if (to.SetCookie is { Count: > 0 } cookies)
        {
            to.SetCookie = new StringValues([.. cookies.Select(OfThisHost).Where(cookie => cookie is not null)]);
        }

        return goes;
    }

    /// <summary>
    /// Removes headers that concern only the connection, which the Connection header names (RFC 9110 section 7.6.1).
    /// </summary>
    private static void RemoveNamed(HttpRequest from, HttpHeaders? headers)
    {
        var named = from.Headers.GetCommaSeparatedValues(HeaderNames.Connection);
        foreach (var name in headers?.NonValidated.Select(header => header.Key).Intersect(named, StringComparer.OrdinalIgnoreCase).ToList()
            ?? [])
        {
            headers!.Remove(name);
        }
    }

    private static string CookiesOf(HttpRequest from) => string.Join(
        "; ",
        from.Headers.Cookie
            .SelectMany(value => (value ?? "").Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
            .Where(cookie => !cookie.Split('=')[0].TrimEnd().Equals(PortCookie.Name, StringComparison.Ordinal)));

    /// <summary>
    /// Limits a cookie to this host, since one for the parent domain would reach other codespaces. Nobody may set Berth's own cookie.
    /// </summary>
    private static string? OfThisHost(string? cookie)
    {
        if (!SetCookieHeaderValue.TryParse(cookie, out var parsed) || parsed.Name == PortCookie.Name)
        {
            return null;
        }

        parsed.Domain = default;
        return parsed.ToString();
    }
}
