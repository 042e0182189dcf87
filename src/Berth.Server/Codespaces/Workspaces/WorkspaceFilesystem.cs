using System.Globalization;
using Berth.Server.Codespaces.Sandbox;
using Berth.Server.Faults;

namespace Berth.Server.Codespaces.Workspaces;

/// <summary>
/// Gives each codespace's workspace a filesystem of its own: a sparse ext4 image, mounted through a loop device with <c>nosuid,nodev</c>.
/// What the codespace writes ends at the machine's size, a setuid or device file in it means nothing on the host, and no hard link leads
/// out. Everything here may be called at any time and again.
/// </summary>
internal sealed class WorkspaceFilesystem(CodespaceTools tools, CodespaceOptions options, TimeProvider time)
{
    /// <summary>
    /// Images are sparse, so on a full host the filesystems in them would fail. Nothing starts on a host that is nearly full.
    /// </summary>
    private const long LeastFree = 512L << 20;

    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(2);

    /// <summary>Makes the filesystem if there is none, grows it to <paramref name="bytes"/>, and mounts it.</summary>
    /// <param name="files">How many files and folders a new one holds. Null: as many as its size has room for.</param>
    /// <exception cref="FaultException">This machine cannot do so. The message says why and what would help.</exception>
    public async Task MountAsync(CodespaceFolders folders, long bytes, CancellationToken cancellationToken, int? files = null)
    {
        Directory.CreateDirectory(folders.Workspaces);
        if (options.Workspaces == CodespaceOptions.WorkspaceFolder || IsOldFolder(folders))
        {
            return;
        }

        CheckHost(folders);
        await MountOwnAsync(folders, bytes, files, cancellationToken);
        ContainerLayers.PlaceAgain(folders);
    }

    private async Task MountOwnAsync(CodespaceFolders folders, long bytes, int? files, CancellationToken cancellationToken)
    {
        var isNew = !File.Exists(folders.WorkspaceImage);
        if (isNew)
        {
            await MakeAsync(folders, bytes, files, cancellationToken);
        }

        var grows = !isNew && new FileInfo(folders.WorkspaceImage).Length < bytes;
        if (MountOf(folders) is { } present)
        {
            if (!grows)
            {
                return;
            }

            await UnmountAsync(folders, cancellationToken);
        }

        if (grows)
        {
            await GrowAsync(folders.WorkspaceImage, bytes, cancellationToken);
        }

        await MountImageAsync(folders, cancellationToken);
    }

    /// <summary>
    /// Grows the filesystem before it is mounted, since growing a mounted one takes CAP_SYS_RESOURCE. resize2fs insists on the check.
    /// </summary>
    private async Task GrowAsync(string image, long bytes, CancellationToken cancellationToken)
    {
        Resize(image, bytes);
        await TryAsync("e2fsck", ["-f", "-p", image], cancellationToken);
        await RunAsync("resize2fs", [image], cancellationToken);
    }

    /// <summary>Unmounts the workspace and frees the loop device. The image stays. Does nothing when it is not mounted.</summary>
    public async Task UnmountAsync(CodespaceFolders folders, CancellationToken cancellationToken)
    {
        WorkspaceParts.UnmountAll(folders);
        ContainerLayers.TakeAway(folders);
        while (MountOf(folders) is not null)
        {
            if (await TryAsync("umount", [folders.Workspaces], cancellationToken) is not null)
            {
                // A process still has a file open. The mount disappears now, and ends when the last file is closed.
                await RunAsync("umount", ["--lazy", folders.Workspaces], cancellationToken);
            }
        }
    }

    /// <summary>The device and options of the mount. Null when the workspace is not mounted.</summary>
    internal static (string Source, string Options)? MountOf(CodespaceFolders folders)
    {
        var point = Path.GetFullPath(folders.Workspaces);
        return MountTable.Read().FirstOrDefault(mount => mount.Point == point) is { } found ? (found.Source, found.Options) : null;
    }

    private static bool IsOldFolder(CodespaceFolders folders) =>
        !File.Exists(folders.WorkspaceImage) && Directory.EnumerateFileSystemEntries(folders.Workspaces).Any() && MountOf(folders) is null;

    private static void CheckHost(CodespaceFolders folders)
    {
        var free = new DriveInfo(folders.Root).AvailableFreeSpace;
        if (free < LeastFree)
        {
            throw new FaultException(
                FaultKind.Host,
                $"the server's disk is nearly full ({free >> 20} MiB left of the filesystem of BERTH_DATA): make room and start the "
                    + "codespace again");
        }
    }

    /// <summary>Makes the image under another name first, so that an image that exists is complete.</summary>
    private async Task MakeAsync(CodespaceFolders folders, long bytes, int? files, CancellationToken cancellationToken)
    {
        var unfinished = folders.WorkspaceImage + ".new";
        File.Delete(unfinished);
        await using (File.Create(unfinished))
        {
            File.SetUnixFileMode(unfinished, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }

        Resize(unfinished, bytes);

        // Nothing is written before it is used, neither now nor by the kernel later (noinit_itable). So an image takes only as much room as
        // what lies in it.
        string[] journal = bytes < 1L << 30 ? [] : ["-J", "size=32"];
        string[] inodes = files is null ? [] : ["-N", files.Value.ToString(CultureInfo.InvariantCulture)];
        await RunAsync(
            "mkfs.ext4",
            ["-q", "-F", "-m", "0", "-E", "nodiscard,lazy_itable_init=1,lazy_journal_init=1", .. journal, .. inodes, unfinished],
            cancellationToken);
        File.Move(unfinished, folders.WorkspaceImage);
    }

    private async Task MountImageAsync(CodespaceFolders folders, CancellationToken cancellationToken)
    {
        if (await TryAsync(
            "mount", ["-t", "ext4", "-o", "loop,nosuid,nodev,noatime,discard,noinit_itable", folders.WorkspaceImage, folders.Workspaces],
            cancellationToken) is { } said)
        {
            throw new FaultException(
                FaultKind.Host,
                $"the workspace's filesystem cannot be mounted ({said})",
                "codespaces need loop devices (/dev/loop-control) and CAP_SYS_ADMIN; "
                + "without them BERTH_WORKSPACES=folder keeps workspaces in plain folders, which have no size");
        }
    }

    private static void Resize(string path, long bytes)
    {
        using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Write);
        RandomAccess.SetLength(file, bytes);
    }

    private async Task RunAsync(string tool, string[] arguments, CancellationToken cancellationToken)
    {
        if (await TryAsync(tool, arguments, cancellationToken) is { } said)
        {
            throw new FaultException(FaultKind.Host, $"the workspace's filesystem: {tool} failed ({said})");
        }
    }

    /// <summary>Runs a tool. Null when it worked, otherwise the end of what it printed.</summary>
    private async Task<string?> TryAsync(string tool, string[] arguments, CancellationToken cancellationToken)
    {
        Queue<string> said = new();
        var environment = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["PATH"] = "/usr/sbin:/usr/bin:/sbin:/bin",
            ["LC_ALL"] = "C.UTF-8",
        };
        var result = await ToolProcess.RunAsync(
            tools.SystemTool(tool), arguments, environment, "/", said.Enqueue, Timeout, time, cancellationToken);
        return result.ExitCode == 0
            ? null
            : said.LastOrDefault(line => !line.Contains("dmesg(1)", StringComparison.Ordinal)) ?? $"exit code {result.ExitCode}";
    }
}
