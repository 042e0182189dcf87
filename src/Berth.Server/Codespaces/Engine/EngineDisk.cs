using System.Runtime.InteropServices;

namespace Berth.Server.Codespaces.Engine;

/// <summary>The free room on a disk.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct DiskRoom(long Bytes, long Files)
{
    /// <summary>
    /// The disk is nearly full. Whatever writes there for a codespace is ended then, because a full disk stops everybody's.
    /// </summary>
    public bool IsNearlyFull { get; init; }

    /// <summary>How much less room there is now.</summary>
    public DiskRoom Lost(DiskRoom now) => new(Bytes - now.Bytes, Files - now.Files);
}

/// <summary>The disk of the engine's data. The kernel says at once how much room it has, whoever uses it.</summary>
internal sealed partial class EngineDisk(IContainerEngine engine)
{
    private string? _folder;

    private const long Least = 512L << 20;

    /// <summary>On a small disk, the reserve is a fiftieth of it.</summary>
    private const ulong LeastPart = 50;

    /// <summary>The free room. Null when it is not known, because the engine is away or on another machine.</summary>
    public async Task<DiskRoom?> RoomAsync(CancellationToken cancellationToken)
    {
        try
        {
            _folder ??= (await engine.FactsAsync(cancellationToken)).Folder;
            return RoomOf(_folder);
        }
        catch (EngineException)
        {
            return null;
        }
    }

    private static unsafe DiskRoom? RoomOf(string folder)
    {
        // statvfs(3), the same in every C library of 64 bits: sizes of blocks, then blocks, free, available, files, free, available.
        const int FragmentSize = 1, Blocks = 2, AvailableBlocks = 4, Files = 5, AvailableFiles = 7;
        var status = stackalloc ulong[16];
        if (StatVfs(folder, status) != 0)
        {
            return null;
        }

        var (all, left) = (status[Blocks] * status[FragmentSize], (long)(status[AvailableBlocks] * status[FragmentSize]));
        return new DiskRoom(left, status[Files] == 0 ? long.MaxValue : (long)status[AvailableFiles])
        {
            IsNearlyFull = left < Math.Min(Least, (long)(all / LeastPart)),
        };
    }

    [LibraryImport("libc", EntryPoint = "statvfs", StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int StatVfs(string path, ulong* status);
}
