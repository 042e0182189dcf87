using Berth.SystemTests.Fixtures.Tools;

namespace Berth.SystemTests.Fixtures.Disks;

/// <summary>A filesystem that promises more room than its disk has, so that writes succeed and their write-back fails.</summary>
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

        // It has no journal, because a write to a journal would fail as well, and the test is about the bytes.
        await new Command("mkfs.ext4").RunAsync("-q", "-F", "-m", "0", "-O", "^has_journal", image);
        var mounted = await new Command("mount").TryAsync(null, "-o", "loop", image, disk.Path);
        Requirement.That(mounted.ExitCode == 0, "no loop device can be mounted here");
        return disk;
    }

    /// <summary>
    /// Unmounts lazily. A sandbox that another test has started meanwhile has a copy of the mount, and the disk is busy until it ends.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        await new Command("umount").TryAsync(null, "--lazy", Path);
        await new Command("umount").TryAsync(null, "--lazy", _folder["beneath"]);
        _folder.Dispose();
    }
}
