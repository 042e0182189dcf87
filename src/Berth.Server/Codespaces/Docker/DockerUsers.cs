using Berth.Server.Codespaces.Sandbox;
using Berth.Server.Settings;

namespace Berth.Server.Codespaces.Docker;

/// <summary>
/// Gives each codespace's engine users that nobody else on this machine is: one that it runs as, and those after it for the users inside
/// its containers. They stay the codespace's until it is deleted, since files on its disk belong to them.
/// </summary>
internal sealed class DockerUsers(DataOptions data)
{
    /// <summary>As many as a container has, from its root on.</summary>
    public const int Count = 65_536;

    /// <summary>systemd's list of ranges (uids-gids.md) has nobody from here on.</summary>
    private const long First = 2_147_483_648;

    /// <summary>The last number of all says "no user", so the last range is left out.</summary>
    private const int Ranges = 32_767;

    private static readonly Lock Giving = new();

    /// <summary>The first user of the codespace's range.</summary>
    public long Of(CodespaceFolders folders)
    {
        lock (Giving)
        {
            if (RangeIn(folders.Root) is { } own)
            {
                return First + ((long)own * Count);
            }

            var root = Path.Combine(data.DataPath, "codespaces");
            var taken = Directory.EnumerateDirectories(root).Select(RangeIn).OfType<int>().ToHashSet();

            // Another server on this machine begins elsewhere.
            var start = SandboxView.UsersOf(root).First % Ranges;
            var range = Enumerable.Range(0, Ranges).Select(step => (start + step) % Ranges).First(free => !taken.Contains(free));
            File.WriteAllText(FileIn(folders.Root), $"{range}");
            return First + ((long)range * Count);
        }
    }

    private static string FileIn(string folder) => Path.Combine(folder, "docker-users");

    private static int? RangeIn(string folder) =>
        File.Exists(FileIn(folder)) && int.TryParse(File.ReadAllText(FileIn(folder)), out var range) && range is >= 0 and < Ranges
            ? range : null;
}
