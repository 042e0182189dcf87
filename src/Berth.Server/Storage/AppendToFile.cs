using System.Buffers;
using Microsoft.Win32.SafeHandles;

namespace Berth.Server.Storage;

/// <summary>
/// Appends content to a file through two buffers. While one is filled from the network and hashed, the other is written. The bytes stay in
/// the page cache for the first pull, which usually comes soon. The disk begins to write them long before the commit waits for it.
/// </summary>
internal sealed class AppendToFile(SafeFileHandle file, RunningHash? hash, long offset, long limit)
{
    /// <summary>The size of the buffers for content of unknown or ordinary length.</summary>
    public const int BufferSize = 256 * 1024;

    /// <summary>Small enough to keep the disk busy from the beginning, and large enough for whole extents.</summary>
    private const int WriteBackPiece = 8 << 20;

    private long _handedToDisk = offset;

    public long Written { get; private set; } = offset;

    /// <summary>Returns false when the content exceeds the limit. The caller then shortens the file.</summary>
    /// <param name="bufferSize">Any size works. One byte more than the content needs only one buffer.</param>
    public async Task<bool> RunAsync(Stream content, int bufferSize, CancellationToken cancellationToken)
    {
        IMemoryOwner<byte>? filling = null;
        IMemoryOwner<byte>? storing = null;
        var stored = Task.CompletedTask;
        var accepted = Written;
        try
        {
            // Wait for data first, so that a client that has nothing to send yet holds no buffer.
            _ = await content.ReadAsync(Memory<byte>.Empty, cancellationToken);
            filling = MemoryPool<byte>.Shared.Rent(bufferSize);
            while (true)
            {
                var buffer = filling.Memory;
                var count = await FillAsync(content, buffer, cancellationToken);
                accepted += count;
                if (accepted > limit)
                {
                    return false;
                }

                // The hash is computed while the previous piece is written, since writing takes longer than hashing and receiving together.
                hash?.Append(buffer.Span[..count]);
                await stored;
                if (count < buffer.Length)
                {
                    Store(buffer.Span[..count]);
                    return true;
                }

                stored = Task.Run(() => Store(buffer.Span), CancellationToken.None);
                (filling, storing) = (storing ?? MemoryPool<byte>.Shared.Rent(bufferSize), filling);
            }
        }
        finally
        {
            // A buffer goes back to the pool only after the last write from it.
            await stored.ContinueWith(
                static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
            filling?.Dispose();
            storing?.Dispose();
        }
    }

    private void Store(ReadOnlySpan<byte> bytes)
    {
        RandomAccess.Write(file, bytes, Written);
        Written += bytes.Length;
        if (Written - _handedToDisk >= WriteBackPiece)
        {
            DiskSync.BeginWriteBack(file, _handedToDisk, Written - _handedToDisk);
            _handedToDisk = Written;
        }
    }

    private static async ValueTask<int> FillAsync(Stream content, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        var filled = 0;
        while (filled < buffer.Length)
        {
            var read = await content.ReadAsync(buffer[filled..], cancellationToken);
            if (read == 0)
            {
                break;
            }

            filled += read;
        }

        return filled;
    }
}
