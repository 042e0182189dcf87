using System.Runtime.InteropServices;

namespace Berth.Server.Operations;

/// <summary>The memory that SQLite uses, which the C library manages.</summary>
internal static partial class NativeHeap
{
    // Values from malloc.h of glibc.
    private const int MmapThreshold = -3;
    private const int Large = 512 * 1024;

    /// <summary>
    /// Makes blocks of this size go back to the system at once. By default, glibc keeps such blocks after the first large one is freed,
    /// once for each thread. Pushes of 4 MiB manifests would then hold 100 MB permanently.
    /// </summary>
    public static void GiveBackLargeBlocks()
    {
        try
        {
            _ = Mallopt(MmapThreshold, Large);
        }
        catch (EntryPointNotFoundException)
        {
            // Another C library, such as musl, gives large blocks back by itself.
        }
    }

    [LibraryImport("libc", EntryPoint = "mallopt")]
    private static partial int Mallopt(int parameter, int value);
}
