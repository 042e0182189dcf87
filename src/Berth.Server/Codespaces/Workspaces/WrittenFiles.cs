using System.IO.Enumeration;
using System.Runtime.InteropServices;

namespace Berth.Server.Codespaces.Workspaces;

/// <summary>
/// Counts what lies in a folder that somebody writes to meanwhile. No link is followed on purpose, and no file is opened.
/// </summary>
internal static partial class WrittenFiles
{
    /// <summary>Of a filesystem made for a workspace: a file for each of these has its place in it.</summary>
    private const long BytesOfOneFile = 16 * 1024;

    /// <summary>How many files there may be where so much may be written.</summary>
    public static long MostFor(long bytes) => bytes / BytesOfOneFile;

    /// <param name="most">More files than this are not looked at.</param>
    /// <returns>What is allocated, holes left out; zero of a folder that is gone.</returns>
    public static (long Bytes, long Files) Count(string folder, long most)
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
                (bytes, files) = (bytes + size, files + 1);
                if (files > most)
                {
                    break;
                }
            }
        }
        catch (IOException)
        {
            // It is being removed.
        }

        return (bytes, files);
    }

    /// <summary>What one file takes of the disk, holes left out; zero when it is gone.</summary>
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
