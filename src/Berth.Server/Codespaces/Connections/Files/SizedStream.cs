namespace Berth.Server.Codespaces.Connections.Files;

/// <summary>
/// A stream whose length is known before it is read. The archive writer asks for the length before it copies. Nothing beyond that length is
/// read.
/// </summary>
internal sealed class SizedStream(Stream data, long length) : Stream
{
    private long _position;

    public override bool CanRead => true;

    public override bool CanSeek => true;

    public override bool CanWrite => false;

    public override long Length => length;

    public override long Position { get => _position; set => throw new NotSupportedException(); }

    public override int Read(byte[] buffer, int offset, int count) => Count(data.Read(buffer, offset, (int)Math.Min(count, Left)));

    public override async Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        await ReadAsync(buffer.AsMemory(offset, count), cancellationToken);

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        Count(await data.ReadAsync(buffer[..(int)Math.Min(buffer.Length, Left)], cancellationToken));

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    private long Left => length - _position;

    private int Count(int read)
    {
        _position += read;
        return read;
    }
}
