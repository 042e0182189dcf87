using System.Buffers;
using System.Collections.Concurrent;
using Microsoft.AspNetCore.Connections;

namespace Berth.Server.Http;

/// <summary>
/// Larger memory blocks for data from and to sockets. Kestrel's own have 4 KiB, so receiving a layer of 200 MB takes 50,000 system calls. A
/// pipe uses all of the block that it is given. Connections without data hold no block.
/// </summary>
internal sealed class ReceiveBlocks : MemoryPool<byte>
{
    private const int BlockSize = 64 * 1024;

    /// <summary>The limit of kept blocks: 32 MiB. Further ones are left to the garbage collector.</summary>
    private const int MostIdle = 512;

    private readonly ConcurrentQueue<Block> _idle = new();
    private int _idleCount;

    public override int MaxBufferSize => BlockSize;

    public override IMemoryOwner<byte> Rent(int minBufferSize = -1)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(minBufferSize, BlockSize);
        if (_idle.TryDequeue(out var block))
        {
            Interlocked.Decrement(ref _idleCount);
            return block;
        }

        return new Block(this);
    }

    protected override void Dispose(bool disposing) => _idle.Clear();

    private void Return(Block block)
    {
        if (Interlocked.Increment(ref _idleCount) <= MostIdle)
        {
            _idle.Enqueue(block);
        }
        else
        {
            Interlocked.Decrement(ref _idleCount);
        }
    }

    private sealed class Block(ReceiveBlocks pool) : IMemoryOwner<byte>
    {
        // Pinned permanently, since a socket would otherwise pin it at every call.
        public Memory<byte> Memory { get; } = GC.AllocateUninitializedArray<byte>(BlockSize, pinned: true);

        public void Dispose() => pool.Return(this);
    }
}

/// <summary>Makes the pools that Kestrel asks for.</summary>
internal sealed class ReceiveBlocksFactory : IMemoryPoolFactory<byte>
{
    public MemoryPool<byte> Create(MemoryPoolOptions? options = null) => new ReceiveBlocks();
}
