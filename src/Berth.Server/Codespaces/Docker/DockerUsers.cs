using Berth.Server.Codespaces.Sandbox;
using Berth.Server.Settings;

namespace Berth.Server.Codespaces.Docker;

/// <summary>
/// Gives each codespace's engine a range of user ids that nobody else on this machine has: the first for the engine itself, the others for
/// the users inside its containers. The codespace keeps its range until it is deleted, since files on its disk belong to these users.
/// </summary>
internal sealed class DockerUsers(DataOptions data)
{
    /// <summary>The number of users of a container, root included.</summary>
    public const int Count = 65_536;

    /// <summary>The first id. systemd's list of ranges (uids-gids.md) assigns nothing from here on.</summary>
    private const long First = 2_147_483_648;

    /// <summary>The number of ranges. The last one is left out, since the highest id means "no user".</summary>
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

            // Another server on this machine begins at another range.
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
