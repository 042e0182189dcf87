using System.Net.Http.Headers;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;
using Yarp.ReverseProxy.Forwarder;

namespace Berth.Server.Codespaces.Connections.Ports;

/// <summary>
/// What a program in a codespace is told of a browser's request, and what of its answer goes back. What is Berth's stays here: its cookie,
/// and an Authorization that holds one of its tokens.
/// </summary>
internal sealed class PortHeaders(RunningCodespace running, int port, string scheme, bool hidesAuthorization) : HttpTransformer
{
    private const string UpgradeInsecureRequests = "Upgrade-Insecure-Requests";
    private static readonly HttpRequestOptionsKey<RunningCodespace> Target = new("codespace");

    /// <summary>Said by Berth alone: programs trust them.</summary>
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

        // An escaped slash stays one; the forwarder's own way would escape its percent sign.
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

        // The forwarder takes it for the connection's.
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

        // What the program says replaces what Berth has said; the forwarder would add to it.
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

    /// <summary>Of the connection, not of the message, as the connection's own header says (RFC 9110 section 7.6.1).</summary>
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

    /// <summary>A cookie for the domain above would reach other codespaces; and Berth's own is nobody's to set.</summary>
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
