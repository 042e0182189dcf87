namespace Berth.Server.Settings;

/// <summary>Reads comma separated lists of networks, addresses and hosts.</summary>
internal static class NetworkList
{
    public static string[] Split(string? list) =>
        (list ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
}
