using System.Runtime.InteropServices;
using Berth.Server.Faults;
using Microsoft.Win32.SafeHandles;

namespace Berth.Server.Codespaces.Workspaces;

/// <summary>
/// Opens files of a checkout for the server, which runs as root. It opens one path segment after the other, each relative to the folder
/// opened before it and none through a link. A process in the checkout cannot replace a folder by a link in between. This is openat2's
/// RESOLVE_BENEATH with RESOLVE_NO_SYMLINKS and RESOLVE_NO_XDEV, without needing that call.
/// </summary>
internal static partial class ContainedFiles
{
    /// <summary>Reads a regular file. Null when there is no file of that name.</summary>
    /// <param name="path">Relative, separated by slashes, without <c>.</c> and <c>..</c>.</param>
    /// <param name="longest">A longer file is refused.</param>
    /// <exception cref="FaultException">The path is a link, lies behind a link, is no regular file, or is too large.</exception>
    public static byte[]? Read(string root, string path, int longest)
    {
        using var file = Open(root, path);
        if (file is null)
        {
            return null;
        }

        // The file may grow while it is read, so no more than allowed is read.
        using var stream = new FileStream(file, FileAccess.Read, bufferSize: 0);
        var content = new byte[Math.Min(stream.Length, longest) + 1];
        var length = stream.ReadAtLeast(content, content.Length, throwOnEndOfStream: false);
        return length <= longest
            ? content[..length]
            : throw new FaultException(FaultKind.Configuration, $"{path} is larger than {longest / 1024} KiB");
    }

    /// <summary>Opens a regular file for reading. Null when there is no file of that name.</summary>
    /// <exception cref="FaultException">The path is a link, lies behind a link, or is no regular file.</exception>
    public static SafeFileHandle? Open(string root, string path)
    {
        using var folder = Folder(root, path, out var name);
        if (folder is null)
        {
            return null;
        }

        // Do not wait for another process to open the other end of a pipe.
        var file = OpenAt(folder, name, ReadOnly | NoFollow | NoWait | NoTerminal | CloseOnExec);
        if (file.IsInvalid)
        {
            return Missing(path, name, Marshal.GetLastPInvokeError());
        }

        if (Status(file).Kind != RegularFile)
        {
            file.Dispose();
            throw new FaultException(FaultKind.Configuration, $"{path} cannot be read: it is not a regular file");
        }

        return file;
    }

    /// <summary>Opens a regular file or a folder. Null when there is nothing of that name.</summary>
    /// <exception cref="FaultException">The path is a link, lies behind a link, or is something else.</exception>
    public static SafeFileHandle? OpenFileOrFolder(string root, string path, out bool isFolder)
    {
        isFolder = false;
        using var folder = Folder(root, path, out var name);
        if (folder is null)
        {
            return null;
        }

        var found = OpenAt(folder, name, ReadOnly | NoFollow | NoWait | NoTerminal | CloseOnExec);
        if (found.IsInvalid)
        {
            return Missing(path, name, Marshal.GetLastPInvokeError());
        }

        var kind = Status(found).Kind;
        isFolder = kind == FolderKind;
        if (kind is RegularFile or FolderKind)
        {
            return found;
        }

        found.Dispose();
        throw new FaultException(FaultKind.Configuration, $"{path} is neither a file nor a folder");
    }

    /// <summary>The names of the folders in a folder, without links. Empty when there is no such folder.</summary>
    /// <exception cref="FaultException">The folder is a link or lies behind one.</exception>
    public static IReadOnlyList<string> FoldersIn(string root, string path)
    {
        using var folder = Folder(root, path + "/.", out _);
        return folder is null
            ? []
            : [.. new DirectoryInfo($"/proc/self/fd/{folder.DangerousGetHandle()}").EnumerateDirectories().Where(
                sub => sub.LinkTarget is null)
                .Select(sub => sub.Name).Order(StringComparer.Ordinal)];
    }

    /// <summary>The folder that holds the last segment of the path.</summary>
    private static SafeFileHandle? Folder(string root, string path, out string name)
    {
        var segments = path.Split('/');
        name = segments[^1];
        if (segments.Any(segment => segment.Length == 0 || segment == ".." || segment.Contains('\0', StringComparison.Ordinal)))
        {
            throw new FaultException(FaultKind.Configuration, $"{path} is not a path within the checkout");
        }

        var folder = OpenFolder(root);
        if (folder.IsInvalid)
        {
            return null;
        }

        var device = Status(folder).Device;
        foreach (var segment in segments[..^1])
        {
            var next = OpenAt(folder, segment, ReadOnly | OnlyFolder | NoFollow | CloseOnExec);
            var error = Marshal.GetLastPInvokeError();
            folder.Dispose();
            if (next.IsInvalid)
            {
                return Missing(path, segment, error);
            }

            if (Status(next).Device != device)
            {
                next.Dispose();
                throw new FaultException(FaultKind.Configuration, $"{path} cannot be read: {segment} is another filesystem");
            }

            folder = next;
        }

        return folder;
    }

    private static SafeFileHandle OpenFolder(string root) => OpenAt(CurrentFolder, root, ReadOnly | OnlyFolder | CloseOnExec);

    /// <summary>
    /// Handles the error of an open. For a link it is "not a directory" with O_DIRECTORY, and "too many links" without.
    /// </summary>
    private static SafeFileHandle? Missing(string path, string segment, int error) => error switch
    {
        NoEntry => null,
        TooManyLinks =>
            throw new FaultException(
                FaultKind.Configuration, $"{path} cannot be read: {segment} is a symbolic link, and links are not followed"),
        NotFolder =>
            throw new FaultException(
                FaultKind.Configuration, $"{path} cannot be read: {segment} is a symbolic link or no folder, and links are not followed"),
        _ => throw new FaultException(FaultKind.Configuration, $"{path} cannot be read: {Marshal.GetPInvokeErrorMessage(error)}"),
    };

    private static unsafe (int Kind, ulong Device) Status(SafeFileHandle file)
    {
        // statx(2) has one layout on every architecture: mode at byte 28, the device's two halves at 136 and 140.
        var status = stackalloc byte[256];
        if (Statx(file, "", EmptyPath, BasicStatus, status) != 0)
        {
            throw new IOException($"statx: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}");
        }

        return (*(ushort*)(status + 28) & 0xf000, ((ulong)*(uint*)(status + 136) << 32) | *(uint*)(status + 140));
    }

    private static SafeFileHandle OpenAt(SafeFileHandle folder, string name, int flags) =>
        OpenAt(folder.DangerousGetHandle().ToInt32(), name, flags);

    private static SafeFileHandle OpenAt(int folder, string name, int flags) => new(OpenAtLibc(folder, name, flags), ownsHandle: true);

    // fcntl.h, errno.h and stat.h of Linux; O_DIRECTORY and O_NOFOLLOW have other values on arm64.
    private const int ReadOnly = 0;
    private const int NoTerminal = 0x100;
    private const int NoWait = 0x800;
    private const int CloseOnExec = 0x80000;
    private static readonly int OnlyFolder = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 0x4000 : 0x10000;
    private static readonly int NoFollow = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 0x8000 : 0x20000;
    private const int CurrentFolder = -100;
    private const int EmptyPath = 0x1000;
    private const uint BasicStatus = 0x7ff;
    private const int RegularFile = 0x8000;
    private const int FolderKind = 0x4000;
    private const int NoEntry = 2;
    private const int NotFolder = 20;
    private const int TooManyLinks = 40;

    [LibraryImport("libc", EntryPoint = "openat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int OpenAtLibc(int folder, string name, int flags);

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int Statx(SafeFileHandle folder, string path, int flags, uint mask, byte* status);
}
