using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Berth.Server.Storage;

/// <summary>
/// Where the file store keeps what:
/// <code>
/// ROOT/uploads/KEY    bytes on the way in; may be half
/// ROOT/ab/KEY         finished; ab are the key's first two digits
/// </code>
/// Both lie on one file system, so becoming a blob is one rename.
/// </summary>
internal sealed partial class FileLayout
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    public FileLayout(string root)
    {
        Root = Path.GetFullPath(root);
        UploadsFolder = Path.Combine(Root, "uploads");
        var made = !Directory.Exists(UploadsFolder);
        Directory.CreateDirectory(UploadsFolder, Private);
        for (var i = 0; i < 256; i++)
        {
            // All of them at once, so that a commit never has to make one and bring its name to disk too.
            Directory.CreateDirectory(Path.Combine(Root, i.ToString("x2")), Private);
        }

        if (made)
        {
            SyncFolder(Root);
        }
    }

    public string Root { get; }

    public string UploadsFolder { get; }

    public IEnumerable<string> BlobFolders => Enumerable.Range(0, 256).Select(i => Path.Combine(Root, i.ToString("x2")));

    public string Upload(StorageKey key) => Path.Combine(UploadsFolder, key.Value);

    public string BlobFolder(StorageKey key) => Path.Combine(Root, key.Value[..2]);

    public string Blob(StorageKey key) => Path.Combine(BlobFolder(key), key.Value);

    /// <summary>Brings a folder's entries to disk: a rename survives a power cut only after this (fsync(2), "NOTES").</summary>
    /// <exception cref="IOException">The folder cannot be synced; <see cref="Exception.HResult"/> is the errno.</exception>
    public static void SyncFolder(string folder)
    {
        var descriptor = Open(folder, ReadOnly | OnlyFolder | CloseOnExec);
        if (descriptor < 0)
        {
            throw Failure("open", folder);
        }

        try
        {
            if (Fsync(descriptor) != 0)
            {
                throw Failure("fsync", folder);
            }
        }
        finally
        {
            _ = Close(descriptor);
        }
    }

    /// <summary>A file that exists, for writing whole pages past the page cache; null where the file system has no such way (tmpfs).</summary>
    public static SafeFileHandle? OpenPastCache(string path)
    {
        var descriptor = Open(path, WriteOnly | PastCache | CloseOnExec);
        return descriptor < 0 ? null : new SafeFileHandle(descriptor, ownsHandle: true);
    }

    private static IOException Failure(string call, string folder)
    {
        var errno = Marshal.GetLastPInvokeError();
        return new IOException($"{call} of {folder}: {Marshal.GetPInvokeErrorMessage(errno)}", errno);
    }

    /// <summary>EINVAL.</summary>
    public const int InvalidArgument = 22;

    // fcntl.h of Linux; O_DIRECTORY and O_DIRECT change places on arm64.
    private const int ReadOnly = 0;
    private const int WriteOnly = 1;
    private const int CloseOnExec = 0x80000;
    private static readonly int OnlyFolder = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 0x4000 : 0x10000;
    private static readonly int PastCache = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 0x10000 : 0x4000;

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Fsync(int descriptor);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int Close(int descriptor);
}
