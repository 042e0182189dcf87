using System.Buffers;
using System.Runtime.CompilerServices;
using Microsoft.Win32.SafeHandles;

namespace Berth.Server.Storage;

/// <summary>
/// Uploads as files. Two buffers per upload: while one fills from the network, the other is hashed and written. A finished upload is synced,
/// renamed into its blob folder, and the folder is synced; only then may a row name it.
/// </summary>
internal sealed class FileUploadStore(FileLayout layout, RunningHashes hashes) : IUploadStore
{
    private const int LargestBuffer = 256 * 1024;
    private const int SmallestBuffer = 4 * 1024;

    public ValueTask<long> LengthAsync(StorageKey upload, CancellationToken cancellationToken)
    {
        var file = new FileInfo(layout.Upload(upload));
        return ValueTask.FromResult(file.Exists ? file.Length : 0);
    }

    public async Task<AppendResult> AppendAsync(
        StorageKey upload, long offset, Stream content, long? expectedLength, long limit, string algorithm, CancellationToken cancellationToken)
    {
        using var file = File.OpenHandle(layout.Upload(upload), FileMode.OpenOrCreate, FileAccess.ReadWrite);
        var hash = hashes.Take(upload, offset) ?? (offset == 0 ? new RunningHash(algorithm) : null);
        var append = new Append(file, hash, offset, limit);
        try
        {
            var size = (int)Math.Clamp(expectedLength + 1 ?? LargestBuffer, SmallestBuffer, LargestBuffer);
            if (!await append.RunAsync(content, size, cancellationToken))
            {
                RandomAccess.SetLength(file, offset);
                hash?.Dispose();
                return new AppendResult(offset, TooLarge: true);
            }
        }
        catch (IOException exception) when (Http.StorageFull.Is(exception))
        {
            // Whoever resumes finds the offset that was answered last; the room goes back at once.
            hash?.Dispose();
            RandomAccess.SetLength(file, offset);
            throw;
        }
        catch
        {
            // The sender broke off. What is written stays, the hash may be ahead of it or behind it.
            hash?.Dispose();
            throw;
        }

        if (hash is not null)
        {
            hashes.Keep(upload, hash);
        }

        return new AppendResult(append.Written, TooLarge: false);
    }

    public Task<CommitResult> CommitAsync(StorageKey upload, Digest expected, CancellationToken cancellationToken)
    {
        var path = layout.Upload(upload);
        using var file = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite);
        var size = RandomAccess.GetLength(file);
        var running = hashes.Take(upload, size);
        Digest actual;
        if (running?.Algorithm == expected.Algorithm)
        {
            actual = running.Finish();
        }
        else
        {
            actual = ReadAgain(file, size, expected.Algorithm, cancellationToken);
        }

        running?.Dispose();
        if (actual != expected)
        {
            return Task.FromResult(new CommitResult(actual, size, Matches: false));
        }

        RandomAccess.FlushToDisk(file);
        File.Move(path, layout.Blob(upload), overwrite: true);
        FileLayout.SyncFolder(layout.BlobFolder(upload));
        return Task.FromResult(new CommitResult(actual, size, Matches: true));
    }

    public Task DiscardAsync(StorageKey upload, CancellationToken cancellationToken)
    {
        hashes.Drop(upload);
        File.Delete(layout.Upload(upload));
        return Task.CompletedTask;
    }

    public async IAsyncEnumerable<StorageKey> ListAsync(
        DateTimeOffset untouchedSince, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var file in new DirectoryInfo(layout.UploadsFolder).EnumerateFiles())
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (file.LastWriteTimeUtc < untouchedSince.UtcDateTime && StorageKey.TryParse(file.Name, out var key))
            {
                yield return key;
            }
        }

        await Task.CompletedTask;
    }

    private static Digest ReadAgain(SafeFileHandle file, long size, string algorithm, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(LargestBuffer);
        try
        {
            using var hash = new RunningHash(algorithm);
            while (hash.Offset < size)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var read = RandomAccess.Read(file, buffer, hash.Offset);
                if (read == 0)
                {
                    break;
                }

                hash.Append(buffer.AsSpan(0, read));
            }

            return hash.Finish();
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>One run of appending, with its buffers.</summary>
    private sealed class Append(SafeFileHandle file, RunningHash? hash, long offset, long limit)
    {
        public long Written { get; private set; } = offset;

        /// <summary>False when the content goes past the limit.</summary>
        public async Task<bool> RunAsync(Stream content, int bufferSize, CancellationToken cancellationToken)
        {
            byte[]? filling = null;
            byte[]? storing = null;
            var stored = Task.CompletedTask;
            var accepted = Written;
            try
            {
                // A sender that has nothing to send yet holds no buffer.
                _ = await content.ReadAsync(Memory<byte>.Empty, cancellationToken);
                filling = ArrayPool<byte>.Shared.Rent(bufferSize);
                while (true)
                {
                    var count = await FillAsync(content, filling, cancellationToken);
                    await stored;
                    accepted += count;
                    if (accepted > limit)
                    {
                        return false;
                    }

                    if (count < filling.Length)
                    {
                        Store(filling, count);
                        return true;
                    }

                    var full = filling;
                    stored = Task.Run(() => Store(full, full.Length), CancellationToken.None);
                    filling = storing ?? ArrayPool<byte>.Shared.Rent(bufferSize);
                    storing = full;
                }
            }
            finally
            {
                await stored.ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
                Return(filling);
                Return(storing);
            }
        }

        private void Store(byte[] buffer, int count)
        {
            var bytes = buffer.AsSpan(0, count);
            hash?.Append(bytes);
            RandomAccess.Write(file, bytes, Written);
            Written += count;
        }

        private static async ValueTask<int> FillAsync(Stream content, byte[] buffer, CancellationToken cancellationToken)
        {
            var filled = 0;
            while (filled < buffer.Length)
            {
                var read = await content.ReadAsync(buffer.AsMemory(filled), cancellationToken);
                if (read == 0)
                {
                    break;
                }

                filled += read;
            }

            return filled;
        }

        private static void Return(byte[]? buffer)
        {
            if (buffer is not null)
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }
        }
    }
}
