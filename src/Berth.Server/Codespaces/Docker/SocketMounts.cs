using Berth.Server.Codespaces.Engine;
using Berth.Server.Codespaces.Sandbox;

namespace Berth.Server.Codespaces.Docker;

/// <summary>
/// The places in containers where the socket is mounted. A mount is of the one socket that was there when the container started; this
/// server makes a new one when it starts again, and puts it in the old one's place.
/// </summary>
internal static class SocketMounts
{
    private const int Mounts = 0x20000;

    /// <exception cref="IOException">It cannot be mounted.</exception>
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

            // Paths are the container's from here on: whatever they lead to is in it.
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

    /// <summary>By the kernel's list of what the container has mounted (proc(5)); a file that is gone has a word behind its name.</summary>
    private static List<string> Places(int process, string socket) =>
    [
        .. File.ReadLines($"/proc/{process}/mountinfo").Select(line => line.Split(' '))
            .Where(fields => fields[3].Split("//deleted")[0].EndsWith("/~docker/" + socket, StringComparison.Ordinal))
            .Select(fields => fields[4]),
    ];
}
