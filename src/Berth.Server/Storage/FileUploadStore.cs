using System.Buffers;
using System.Runtime.CompilerServices;
using Berth.Server.Http;
using Berth.Server.Oci;
using Microsoft.Win32.SafeHandles;

namespace Berth.Server.Storage;

/// <summary>
/// Uploads as files. <see cref="AppendToFile"/> says how bytes are written. A finished upload is synced and renamed into its blob folder,
/// and the folder is synced. Only then may a row name it.
/// </summary>
internal sealed class FileUploadStore(FileLayout layout, RunningHashes hashes) : IUploadStore
{
    /// <summary>Content smaller than this gets an ordinary buffer of its own size.</summary>
    private const int SmallContent = 128 * 1024;

    public ValueTask<long> LengthAsync(StorageKey upload, CancellationToken cancellationToken)
    {
        var file = new FileInfo(layout.Upload(upload));
        return ValueTask.FromResult(file.Exists ? file.Length : 0);
    }

    public async Task<AppendResult> AppendAsync(
        StorageKey upload, long offset, Stream content, long? expectedLength, long limit, string algorithm,
        CancellationToken cancellationToken)
    {
        using var file = File.OpenHandle(layout.Upload(upload), FileMode.OpenOrCreate, FileAccess.ReadWrite);
        var hash = hashes.Take(upload, offset) ?? (offset == 0 ? new RunningHash(algorithm) : null);
        var small = expectedLength < SmallContent;
        var append = new AppendToFile(file, hash, offset, limit);
        try
        {
            // One byte more than expected, so that a single read shows the end.
            if (!await append.RunAsync(content, small ? (int)expectedLength!.Value + 1 : AppendToFile.BufferSize, cancellationToken))
            {
                RandomAccess.SetLength(file, offset);
                hash?.Dispose();
                return new AppendResult(offset, TooLarge: true);
            }

            if (!small)
            {
                DiskSync.AwaitWriteBack(file, offset);
            }
        }
        catch (LostBytesException)
        {
            hash?.Dispose();
            ForgetAll(file);
            throw;
        }
        catch (IOException exception) when (StorageFaults.Of(exception) == StorageFault.Full)
        {
            // A client that resumes finds the offset of the last answer, and the disk space is freed at once.
            hash?.Dispose();
            RandomAccess.SetLength(file, offset);
            throw;
        }
        catch
        {
            // The sender ended early. What is written stays, but the hash may be ahead of it or behind it.
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

        try
        {
            DiskSync.SyncBytes(file);
        }
        catch (LostBytesException)
        {
            ForgetAll(file);
            throw;
        }

        File.Move(path, layout.Blob(upload), overwrite: true);
        DiskSync.SyncFolder(layout.BlobFolder(upload));
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

    /// <summary>
    /// Cuts an upload back to nothing. The system reports lost bytes only once and may keep them readable for a while, so a second attempt
    /// to commit them would seem to succeed.
    /// </summary>
    private static void ForgetAll(SafeFileHandle file) => RandomAccess.SetLength(file, 0);

    private static Digest ReadAgain(SafeFileHandle file, long size, string algorithm, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(AppendToFile.BufferSize);
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
}
