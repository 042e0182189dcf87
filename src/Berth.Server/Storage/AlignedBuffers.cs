using System.Buffers;
using System.Collections.Concurrent;
using System.Runtime.InteropServices;

namespace Berth.Server.Storage;

/// <summary>Pooled buffers that begin at a page, as writing past the page cache wants them (open(2), "O_DIRECT").</summary>
internal sealed class AlignedBuffers
{
    public const int Size = 256 * 1024;
    public const int Alignment = 4096;

    /// <summary>Beyond these, buffers are left to the garbage collector: 32 MiB.</summary>
    private const int MostIdle = 128;

    private readonly ConcurrentQueue<Buffer> _idle = new();

    public IMemoryOwner<byte> Rent() => _idle.TryDequeue(out var buffer) ? buffer : new Buffer(this);

    private sealed class Buffer : IMemoryOwner<byte>
    {
        private readonly AlignedBuffers _pool;

        public Buffer(AlignedBuffers pool)
        {
            _pool = pool;
            var array = GC.AllocateUninitializedArray<byte>(Size + Alignment, pinned: true);
            var misaligned = (int)((nuint)Marshal.UnsafeAddrOfPinnedArrayElement(array, 0) % Alignment);
            Memory = array.AsMemory((Alignment - misaligned) % Alignment, Size);
        }

        public Memory<byte> Memory { get; }

        public void Dispose()
        {
            if (_pool._idle.Count < MostIdle)
            {
                _pool._idle.Enqueue(this);
            }
        }
    }
}
