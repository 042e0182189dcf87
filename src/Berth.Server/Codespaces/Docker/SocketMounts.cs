using Berth.Server.Codespaces.Engine;
using Berth.Server.Codespaces.Sandbox;

namespace Berth.Server.Codespaces.Docker;

/// <summary>
/// The places in containers where the socket is mounted. A mount keeps the socket that existed when the container started. A restarted
/// server makes a new socket, and this class mounts it in place of the old one.
/// </summary>
internal static class SocketMounts
{
    private const int Mounts = 0x20000;

    /// <exception cref="IOException">The socket cannot be mounted.</exception>
    public static async Task RenewAsync(
        IContainerEngine engine, EngineContainer container, CodespaceFolders folders, CancellationToken cancellationToken)
    {
        var places = Places(container.Pid, Path.GetFileName(folders.DockerSocket));
        if (places.Count == 0)
        {
            return;
        }

        using var mounts = File.OpenHandle($"/proc/{container.Pid}/ns/mnt", share: FileShare.ReadWrite | FileShare.Delete);
        if (await engine.ContainerAsync(container.Id, cancellationToken) is not { Running: true } again || again.Pid != container.Pid)
        {
            return;
        }

        await RootlessEngine.OnThreadAsync(() =>
        {
            var made = places.ConvertAll(place => (Place: place, Mount: KernelMounts.Copy(folders.DockerSocket)));

            // From here on paths are those of the container, and lead nowhere outside it.
            KernelMounts.Enter(mounts);
            foreach (var (place, mount) in made)
            {
                using (mount)
                {
                    KernelMounts.Remove(place);
                    KernelMounts.Place(mount, place);
                }
            }
        });
    }

    /// <summary>
    /// Reads the kernel's list of the container's mounts (proc(5)). It adds a word to the name of a file that was deleted.
    /// </summary>
    private static List<string> Places(int process, string socket) =>
    [
        .. File.ReadLines($"/proc/{process}/mountinfo").Select(line => line.Split(' '))
            .Where(fields => fields[3].Split("//deleted")[0].EndsWith("/~docker/" + socket, StringComparison.Ordinal))
            .Select(fields => fields[4]),
    ];
}
