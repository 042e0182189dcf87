using Berth.Server.Codespaces.Networks;
using Berth.SystemTests.Fixtures.Tools;

namespace Berth.SystemTests.Fixtures.Server;

/// <summary>
/// Removes what the codespaces of a deleted server leave on the machine. A server that stops leaves them running, with their filesystems
/// mounted, their networks and the firewall.
/// </summary>
internal static class HostLeftovers
{
    public static async Task RemoveAsync(string data)
    {
        var file = Path.Combine(data, "codespaces-host");
        if (!File.Exists(file))
        {
            return;
        }

        var host = (await File.ReadAllTextAsync(file)).Trim();
        await ForEachAsync(["rm", "--force", "--volumes"], "ps", "--all", "--quiet", "--filter", "label=berth.host=" + host);
        await ForEachAsync(["network", "rm"], "network", "ls", "--quiet", "--filter", "label=berth.host=" + host);
        await new Command("nft").TryAsync(null, "delete", "table", "inet", "berth_" + Firewall.Mark(host));
        foreach (var mount in File.ReadLines("/proc/self/mounts")
            .Select(line => line.Split(' ')[1])
            .Where(point => point.StartsWith(data + "/", StringComparison.Ordinal))
            .ToList())
        {
            await new Command("umount").TryAsync(null, "--lazy", mount);
        }
    }

    private static async Task ForEachAsync(string[] command, params string[] list)
    {
        var docker = new Command("docker");
        var ids = (await docker.TryAsync(null, list)).Text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        if (ids.Length > 0)
        {
            await docker.TryAsync(null, [.. command, .. ids]);
        }
    }
}
