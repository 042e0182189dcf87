using System.Globalization;

namespace Berth.Server.Http;

/// <summary>
/// Reads the host that a request is for. The framework decodes names of other alphabets (<c>xn--…</c>) whenever it reads the host, and
/// throws on invalid ones. Those are refused here before anything reads them.
/// </summary>
internal static class RequestHosts
{
    private const string Encoded = "xn--";
    private static readonly IdnMapping Names = new();

    /// <summary>The name that the client sent, or a trusted proxy on its behalf: in ASCII, without the port.</summary>
    public static string HostName(this HttpRequest request) => new HostString(request.Headers.Host.ToString()).Host;

    public static void UseSoundHosts(this WebApplication app) => app.Use((http, next) =>
    {
        var headers = http.Request.Headers;
        return IsSound(headers.Host) && IsSound(headers["X-Forwarded-Host"])
            ? next(http)
            : ErrorWriter.WriteAsync(http, Errors.BadRequest(400, "the host is no name"));
    });

    private static bool IsSound(Microsoft.Extensions.Primitives.StringValues header)
    {
        foreach (var value in header)
        {
            if (value?.Contains(Encoded, StringComparison.OrdinalIgnoreCase) is true
                && !value.Split(',', StringSplitOptions.TrimEntries).All(IsName))
            {
                return false;
            }
        }

        return true;
    }

    private static bool IsName(string host)
    {
        try
        {
            _ = Names.GetUnicode(new HostString(host).Host);
            return true;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }
}
