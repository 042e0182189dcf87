using Berth.SystemTests.Fixtures.Tools;

namespace Berth.SystemTests.Fixtures.Disks;

/// <summary>A filesystem in a file, mounted for the test, which runs full.</summary>
internal sealed class SmallDisk : IAsyncDisposable
{
    private const long Size = 96 << 20;

    private readonly TemporaryFolder _folder = new();

    public string Path => _folder["mounted"];

    public static async Task<SmallDisk> MountAsync()
    {
        Requirement.Root();
        Requirement.Program("mkfs.ext4");
        var disk = new SmallDisk();
        Directory.CreateDirectory(disk.Path);
        await using (var file = File.Create(disk._folder["disk"]))
        {
            file.SetLength(Size);
        }

        await new Command("mkfs.ext4").RunAsync("-q", "-F", "-m", "0", disk._folder["disk"]);
        var mounted = await new Command("mount").TryAsync(null, "-o", "loop", disk._folder["disk"], disk.Path);
        Requirement.That(mounted.ExitCode == 0, "no loop device can be mounted here");
        return disk;
    }

    /// <summary>Fills the free space except for the given number of bytes. Deleting the returned file frees it again.</summary>
    public async Task<string> FillAsync(long leave)
    {
        var filler = System.IO.Path.Combine(Path, "filler");
        await using var file = File.Create(filler);
        var block = new byte[64 * 1024];
        try
        {
            while (new DriveInfo(Path).AvailableFreeSpace > leave)
            {
                await file.WriteAsync(block);
                await file.FlushAsync();
            }
        }
        catch (IOException)
        {
            // The disk is full to the last block, as intended.
        }

        return filler;
    }

    /// <summary>Unmounts lazily like <see cref="HollowDisk"/>, since others may have a copy of the mount.</summary>
    public async ValueTask DisposeAsync()
    {
        await new Command("umount").TryAsync(null, "--lazy", Path);
        _folder.Dispose();
    }
}
