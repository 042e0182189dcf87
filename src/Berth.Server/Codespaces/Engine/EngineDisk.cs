using System.Runtime.InteropServices;

namespace Berth.Server.Codespaces.Engine;

/// <summary>What there is room for on a disk.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct DiskRoom(long Bytes, long Files)
{
    /// <summary>How much less there is now.</summary>
    public DiskRoom Lost(DiskRoom now) => new(Bytes - now.Bytes, Files - now.Files);
}

/// <summary>The disk that an engine keeps its data on: the kernel says at once what room there is, whoever takes it.</summary>
internal sealed partial class EngineDisk(IContainerEngine engine)
{
    private string? _folder;

    /// <summary>Below this much, whatever still writes there for a codespace is ended: a full disk stops everybody's.</summary>
    public const long Least = 512L << 20;

    /// <summary>Null when it is not known: no engine, or one on another machine.</summary>
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
        const int FragmentSize = 1, AvailableBlocks = 4, Files = 5, AvailableFiles = 7;
        var status = stackalloc ulong[16];
        return StatVfs(folder, status) == 0
            ? new DiskRoom(
                (long)(status[AvailableBlocks] * status[FragmentSize]),
                status[Files] == 0 ? long.MaxValue : (long)status[AvailableFiles])
            : null;
    }

    [LibraryImport("libc", EntryPoint = "statvfs", StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int StatVfs(string path, ulong* status);
}
