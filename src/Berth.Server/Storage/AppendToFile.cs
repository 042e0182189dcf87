using System.Buffers;
using Microsoft.Win32.SafeHandles;

namespace Berth.Server.Storage;

/// <summary>
/// Appends a content to a file through two buffers: while one fills from the network and is hashed, the other is written. Whole buffers go past
/// the page cache where the file system allows it: layers are larger than what is worth caching, and on the machines measured the cache's
/// fresh pages cost more than the network, the hash and the disk together. The last, partial buffer takes the ordinary way.
/// </summary>
internal sealed class AppendToFile(SafeFileHandle file, SafeFileHandle? direct, RunningHash? hash, long offset, long limit)
{
    private bool _directWorks = direct is not null;

    public long Written { get; private set; } = offset;

    /// <summary>False when the content goes past the limit; the caller cuts the file back.</summary>
    /// <param name="content">Read to its end.</param>
    /// <param name="rent">Makes a buffer; all have one size.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public async Task<bool> RunAsync(Stream content, Func<IMemoryOwner<byte>> rent, CancellationToken cancellationToken)
    {
        IMemoryOwner<byte>? filling = null;
        IMemoryOwner<byte>? storing = null;
        var stored = Task.CompletedTask;
        var accepted = Written;
        try
        {
            // A sender that has nothing to send yet holds no buffer.
            _ = await content.ReadAsync(Memory<byte>.Empty, cancellationToken);
            filling = rent();
            while (true)
            {
                var buffer = filling.Memory;
                var count = await FillAsync(content, buffer, cancellationToken);
                accepted += count;
                if (accepted > limit)
                {
                    return false;
                }

                // Hashed while the piece before is being written: writing takes longer than hashing and receiving together.
                hash?.Append(buffer.Span[..count]);
                await stored;
                if (count < buffer.Length)
                {
                    Store(buffer.Span[..count], whole: false);
                    return true;
                }

                stored = Task.Run(() => Store(buffer.Span, whole: true), CancellationToken.None);
                (filling, storing) = (storing ?? rent(), filling);
            }
        }
        finally
        {
            // A buffer goes back only when nobody writes from it any more.
            await stored.ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
            filling?.Dispose();
            storing?.Dispose();
        }
    }

    private void Store(ReadOnlySpan<byte> bytes, bool whole)
    {
        if (!whole || !TryStoreDirectly(bytes))
        {
            RandomAccess.Write(file, bytes, Written);
        }

        Written += bytes.Length;
    }

    private bool TryStoreDirectly(ReadOnlySpan<byte> bytes)
    {
        if (!_directWorks)
        {
            return false;
        }

        try
        {
            RandomAccess.Write(direct!, bytes, Written);
            return true;
        }
        catch (Exception exception) when (exception is ArgumentException || exception.HResult == FileLayout.InvalidArgument)
        {
            // The file system opens files so but wants another alignment: everything takes the ordinary way then.
            _directWorks = false;
            return false;
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
