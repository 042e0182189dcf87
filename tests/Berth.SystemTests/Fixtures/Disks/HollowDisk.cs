using Berth.SystemTests.Fixtures.Tools;

namespace Berth.SystemTests.Fixtures.Disks;

/// <summary>A filesystem that promises more room than lies beneath it: writes succeed, and writing them back fails.</summary>
internal sealed class HollowDisk : IAsyncDisposable
{
    private const long Promised = 128 << 20;
    private const string Beneath = "40m";

    private readonly TemporaryFolder _folder = new();

    public string Path => _folder["mounted"];

    public static async Task<HollowDisk> MountAsync()
    {
        Requirement.Root();
        Requirement.Program("mkfs.ext4");
        var disk = new HollowDisk();
        var beneath = disk._folder.Create("beneath");
        Directory.CreateDirectory(disk.Path);
        await new Command("mount").RunAsync("-t", "tmpfs", "-o", "size=" + Beneath, "tmpfs", beneath);
        var image = System.IO.Path.Combine(beneath, "disk");
        await using (var file = File.Create(image))
        {
            file.SetLength(Promised);
        }

        // Without a journal: that of another one would fail as well, and the test is of the bytes.
        await new Command("mkfs.ext4").RunAsync("-q", "-F", "-m", "0", "-O", "^has_journal", image);
        var mounted = await new Command("mount").TryAsync(null, "-o", "loop", image, disk.Path);
        Requirement.That(mounted.ExitCode == 0, "no loop device can be mounted here");
        return disk;
    }

    /// <summary>
    /// Detached at once: a sandbox that another test began meanwhile has a copy of the mount, and the disk is busy until that ends.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        await new Command("umount").TryAsync(null, "--lazy", Path);
        await new Command("umount").TryAsync(null, "--lazy", _folder["beneath"]);
        _folder.Dispose();
    }
}
