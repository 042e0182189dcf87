using System.Runtime.InteropServices;

namespace Berth.Server.Operations;

/// <summary>The memory that SQLite takes, which is the C library's.</summary>
internal static partial class NativeHeap
{
    // malloc.h of glibc.
    private const int MmapThreshold = -3;
    private const int Large = 512 * 1024;

    /// <summary>
    /// Blocks of this size come from the system and go back to it at once. Left alone, glibc takes the first large block that is freed as
    /// a sign to keep such blocks, and does so once per thread: pushes of 4 MiB manifests then hold 100 MB for good.
    /// </summary>
    public static void GiveBackLargeBlocks()
    {
        try
        {
            _ = Mallopt(MmapThreshold, Large);
        }
        catch (EntryPointNotFoundException)
        {
            // Another C library, such as musl, which gives large blocks back by itself.
        }
    }

    [LibraryImport("libc", EntryPoint = "mallopt")]
    private static partial int Mallopt(int parameter, int value);
}
