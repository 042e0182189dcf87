using Berth.Server.Http;

namespace Berth.Server.Codespaces.Connections.Ports;

/// <summary>
/// Whether a page of another site lets the browser ask (Fetch, "Origin"; Fetch Metadata Request Headers): the port's cookie comes along, so
/// that the request counts as its owner's. Programs that are no browsers send none of these headers, which no page can leave out or forge.
/// </summary>
internal static class PortOrigin
{
    private const string Site = "Sec-Fetch-Site";
    private const string Mode = "Sec-Fetch-Mode";

    /// <summary>
    /// Pages of the codespace's other ports are no strangers: their program reaches this port anyway. Following a link is nobody's request
    /// but the person's, and a picture or a script may be wanted from anywhere; a program that acts on those harms itself.
    /// </summary>
    public static bool IsForeign(HttpRequest request, AddressOptions options, string codespace)
    {
        var safe = (HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method)) && request.Headers.Upgrade.Count == 0;
        var site = request.Headers[Site].ToString();
        if (safe && request.Headers[Mode] == "navigate")
        {
            return false;
        }

        return request.Headers.Origin.ToString() switch
        {
            "" => !safe && site is "cross-site" or "same-site",

            // Of a page that wants to be unknown, its own included.
            "null" => site != "same-origin",
            var origin => !IsOfCodespace(origin, options, codespace),
        };
    }

    private static bool IsOfCodespace(string origin, AddressOptions options, string codespace) =>
        Uri.TryCreate(origin, UriKind.Absolute, out var uri)
            && PortHost.IsBelow(options, uri.Host, out var host)
            && host?.Codespace == codespace
            && origin.Equals(host.Url(options), StringComparison.OrdinalIgnoreCase);
}
