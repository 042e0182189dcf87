using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Berth.Server.Storage;

/// <summary>
/// Makes the disk store what was written. Every failure is an exception. .NET's own sync ignores some failures, and a file system reports
/// lost bytes only once.
/// </summary>
internal static partial class DiskSync
{
    // Values from unistd.h and fcntl.h of Linux. O_DIRECTORY has another value on arm64.
    private const int ReadOnly = 0;
    private const int CloseOnExec = 0x80000;
    private static readonly int OnlyFolder = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 0x4000 : 0x10000;

    // sync_file_range(2).
    private const uint WaitBefore = 1;
    private const uint Write = 2;
    private const uint WaitAfter = 4;

    // Values from errno.h of Linux.
    private const int Interrupted = 4;        // EINTR
    private const int IllegalSeek = 29;       // ESPIPE
    private const int NotImplemented = 38;    // ENOSYS
    private const int NotSupported = 95;      // EOPNOTSUPP

    /// <summary>Lets the disk begin to write a part of a file, so that little is left when the whole file is synced.</summary>
    /// <exception cref="LostBytesException">The disk failed to store bytes of the file that were written before.</exception>
    public static void BeginWriteBack(SafeFileHandle file, long offset, long count) => SyncRange(file, offset, count, Write);

    /// <summary>Waits until everything from the offset on has been given to the disk, so that its failures are known now.</summary>
    /// <exception cref="LostBytesException">The disk failed to store bytes of the file that were written before.</exception>
    public static void AwaitWriteBack(SafeFileHandle file, long offset) => SyncRange(file, offset, 0, WaitBefore | Write | WaitAfter);

    /// <summary>After this the file's bytes and length survive a power cut.</summary>
    /// <exception cref="LostBytesException">The disk failed to store bytes of the file that were written before.</exception>
    public static void SyncBytes(SafeFileHandle file)
    {
        while (Fdatasync(file) != 0)
        {
            var errno = Marshal.GetLastPInvokeError();
            if (errno != Interrupted)
            {
                throw new LostBytesException($"fdatasync: {Marshal.GetPInvokeErrorMessage(errno)}", errno);
            }
        }
    }

    /// <summary>Stores a folder's entries on disk. A rename survives a power cut only after this (fsync(2), "NOTES").</summary>
    /// <exception cref="IOException">The folder cannot be synced. <see cref="Exception.HResult"/> is the errno.</exception>
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

    private static void SyncRange(SafeFileHandle file, long offset, long count, uint flags)
    {
        while (SyncFileRange(file, offset, count, flags) != 0)
        {
            switch (Marshal.GetLastPInvokeError())
            {
                case Interrupted:
                    break;
                case IllegalSeek or NotImplemented or NotSupported:
                    // This costs only speed, since the commit syncs the whole file.
                    return;
                case var errno:
                    throw new LostBytesException($"sync_file_range: {Marshal.GetPInvokeErrorMessage(errno)}", errno);
            }
        }
    }

    private static IOException Failure(string call, string folder)
    {
        var errno = Marshal.GetLastPInvokeError();
        return new IOException($"{call} of {folder}: {Marshal.GetPInvokeErrorMessage(errno)}", errno);
    }

    [LibraryImport("libc", EntryPoint = "sync_file_range", SetLastError = true)]
    private static partial int SyncFileRange(SafeFileHandle file, long offset, long count, uint flags);

    [LibraryImport("libc", EntryPoint = "fdatasync", SetLastError = true)]
    private static partial int Fdatasync(SafeFileHandle file);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Fsync(int descriptor);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int Close(int descriptor);
}

/// <summary>Accepted bytes did not reach the disk, and nobody knows which. <see cref="Exception.HResult"/> is the errno.</summary>
internal sealed class LostBytesException(string message, int errno) : IOException(message, errno);
