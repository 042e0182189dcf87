using System.Net;

namespace Berth.Server.Settings;

/// <summary>Where the server listens: an address, <c>localhost</c> (both families) or <c>*</c> (everywhere), and a port.</summary>
internal readonly record struct ListenAddress(string Host, int Port)
{
    public static bool TryParse(string? text, out ListenAddress address)
    {
        address = default;
        var colon = text?.LastIndexOf(':') ?? -1;
        if (colon <= 0 || !ushort.TryParse(text.AsSpan(colon + 1), out var port))
        {
            return false;
        }

        var host = text![..colon];
        if (host is not ("localhost" or "*") && !IPAddress.TryParse(host, out _))
        {
            return false;
        }

        address = new ListenAddress(host, port);
        return true;
    }
}
