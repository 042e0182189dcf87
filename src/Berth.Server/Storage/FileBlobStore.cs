using System.Runtime.CompilerServices;
using Berth.Server.Http;
using Microsoft.Win32.SafeHandles;

namespace Berth.Server.Storage;

/// <summary>Finished blobs as files. See <see cref="FileLayout"/>.</summary>
internal sealed class FileBlobStore(FileLayout layout) : IBlobStore
{
    public ValueTask<long?> SizeAsync(StorageKey key, CancellationToken cancellationToken)
    {
        var file = new FileInfo(layout.Blob(key));
        return ValueTask.FromResult<long?>(file.Exists ? file.Length : null);
    }

    public Task<Stream?> OpenAsync(StorageKey key, CancellationToken cancellationToken)
    {
        try
        {
            return Task.FromResult<Stream?>(new FileReadStream(File.OpenHandle(layout.Blob(key), options: FileOptions.SequentialScan)));
        }
        catch (FileNotFoundException)
        {
            return Task.FromResult<Stream?>(null);
        }
    }

    public ValueTask<Uri?> RedirectAsync(StorageKey key, CancellationToken cancellationToken) => ValueTask.FromResult<Uri?>(null);

    public Task DeleteAsync(StorageKey key, CancellationToken cancellationToken)
    {
        File.Delete(layout.Blob(key));
        return Task.CompletedTask;
    }

    public async IAsyncEnumerable<StorageKey> ListAsync(
        DateTimeOffset finishedBefore, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var folder in layout.BlobFolders)
        {
            cancellationToken.ThrowIfCancellationRequested();
            foreach (var file in new DirectoryInfo(folder).EnumerateFiles())
            {
                if (file.LastWriteTimeUtc < finishedBefore.UtcDateTime && StorageKey.TryParse(file.Name, out var key))
                {
                    yield return key;
                }
            }

            await Task.Yield();
        }
    }

    public Task CheckAsync(CancellationToken cancellationToken)
    {
        try
        {
            // One small file that stays, so that a probe every second neither fills the folder nor collides with another probe.
            using var probe = new FileStream(
                Path.Combine(layout.UploadsFolder, ".ready"), FileMode.OpenOrCreate, FileAccess.Write,
                FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);

            // On a broken disk a file can often still be opened, so write to it.
            probe.WriteByte((byte)'\n');
        }
        catch (UnauthorizedAccessException exception)
        {
            throw new IOException(exception.Message, exception);
        }
        catch (IOException exception) when (StorageFaults.Of(exception) == StorageFault.Full)
        {
            // A full disk is reported to those who push.
        }

        return Task.CompletedTask;
    }
}

/// <summary>
/// Reads a file by position, without a buffer and on the calling thread. Blobs are read in pieces of 256 KiB, mostly from the page cache,
/// and then giving each read to another thread costs more than the read.
/// </summary>
internal sealed class FileReadStream(SafeFileHandle file) : Stream
{
    private long _position;

    public override bool CanRead => true;

    public override bool CanSeek => true;

    public override bool CanWrite => false;

    public override long Length { get; } = RandomAccess.GetLength(file);

    public override long Position
    {
        get => _position;
        set => _position = value;
    }

    public override int Read(Span<byte> buffer)
    {
        var read = RandomAccess.Read(file, buffer, _position);
        _position += read;
        return read;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        ValueTask.FromResult(Read(buffer.Span));

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        Task.FromResult(Read(buffer.AsSpan(offset, count)));

    public override long Seek(long offset, SeekOrigin origin) => _position = origin switch
    {
        SeekOrigin.Begin => offset,
        SeekOrigin.Current => _position + offset,
        _ => Length + offset,
    };

    public override void Flush()
    {
    }

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        file.Dispose();
        base.Dispose(disposing);
    }
}
