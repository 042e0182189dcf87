using System.Globalization;

namespace Berth.Server.Http;

/// <summary>
/// The host that a request is for. The framework decodes names of other alphabets (<c>xn--…</c>) wherever it reads the host, and throws at
/// those that are none: they are refused before anything reads it.
/// </summary>
internal static class RequestHosts
{
    private const string Encoded = "xn--";
    private static readonly IdnMapping Names = new();

    /// <summary>Its name as the client sent it, or a trusted proxy for it: in ASCII, without the port.</summary>
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
