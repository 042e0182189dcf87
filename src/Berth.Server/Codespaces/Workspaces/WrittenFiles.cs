using System.IO.Enumeration;
using System.Runtime.InteropServices;

namespace Berth.Server.Codespaces.Workspaces;

/// <summary>
/// Counts the files in a folder while others write to it. It follows no link on purpose, and opens no file.
/// </summary>
internal static partial class WrittenFiles
{
    /// <summary>A workspace's filesystem has room for one file per this many bytes.</summary>
    private const long BytesOfOneFile = 16 * 1024;

    /// <summary>The most files for a given limit of bytes.</summary>
    public static long MostFor(long bytes) => bytes / BytesOfOneFile;

    /// <param name="most">The count stops at this number of files.</param>
    /// <returns>What is allocated, without holes. Zero when the folder is gone.</returns>
    public static (long Bytes, long Files) Count(string folder, long most, CancellationToken cancellationToken)
    {
        var (bytes, files) = (0L, 0L);
        try
        {
            foreach (var size in new FileSystemEnumerable<long>(
                folder, (ref FileSystemEntry entry) => Allocated(entry.ToFullPath()),
                new EnumerationOptions { RecurseSubdirectories = true, IgnoreInaccessible = true, AttributesToSkip = FileAttributes.None })
            {
                ShouldRecursePredicate = (ref FileSystemEntry entry) => !entry.Attributes.HasFlag(FileAttributes.ReparsePoint),
            })
            {
                cancellationToken.ThrowIfCancellationRequested();
                (bytes, files) = (bytes + size, files + 1);
                if (files > most)
                {
                    break;
                }
            }
        }
        catch (IOException)
        {
            // The folder is being removed.
        }

        return (bytes, files);
    }

    /// <summary>How much of the disk one file takes, without holes. Zero when it is gone.</summary>
    public static unsafe long Allocated(string path)
    {
        // statx(2): the layout is the same on every architecture.
        const int CurrentFolder = -100, NoFollow = 0x100, Blocks = 0x400, BlocksOffset = 48, BlockSize = 512;
        var status = stackalloc byte[256];
        return StatX(CurrentFolder, path, NoFollow, Blocks, status) == 0 ? *(long*)(status + BlocksOffset) * BlockSize : 0;
    }

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int StatX(int folder, string path, int flags, uint mask, byte* status);
}
