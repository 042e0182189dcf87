using System.Globalization;

namespace Berth.Server.Settings;

/// <summary>The address of a syslog server.</summary>
internal sealed class SyslogTargetAttribute : TextRuleAttribute
{
    public override string Takes => "`udp:HOST:PORT`, `tcp:HOST:PORT` or `unix:PATH`";

    protected override IEnumerable<string> Faults(string variable, string value)
    {
        var parts = value.Split(':', 2);
        var good = parts.Length == 2 && parts[0] switch
        {
            "unix" => parts[1].StartsWith('/'),
            "udp" or "tcp" => parts[1].LastIndexOf(':') is > 0 and var colon
                && ushort.TryParse(parts[1][(colon + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port > 0,
            _ => false,
        };
        return good ? [] : [$"{variable} must be udp:HOST:PORT, tcp:HOST:PORT or unix:PATH, not '{value}'"];
    }
}
