using Berth.Server.Http;

namespace Berth.Server.Codespaces.Connections.Ports;

/// <summary>
/// Finds out whether a page of another site makes the browser send a request (Fetch, "Origin"; Fetch Metadata Request Headers). The browser
/// sends the port's cookie along, so the request would count as its owner's. Programs that are no browsers send none of these headers. A
/// page can neither leave them out nor forge them.
/// </summary>
internal static class PortOrigin
{
    private const string Site = "Sec-Fetch-Site";
    private const string Mode = "Sec-Fetch-Mode";

    /// <summary>
    /// Pages of the codespace's other ports are not foreign, since their programs can reach this port anyway. A followed link is allowed,
    /// since the person follows it. Pictures and scripts may be requested from any site: a program that changes something on such a request
    /// harms itself.
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

            // The page wants to be unknown. That may be a page of this port.
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
