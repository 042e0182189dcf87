using Berth.Server.Http;

namespace Berth.Server.Codespaces.Features;

/// <summary>Reads another stream, and fails after a number of bytes. Otherwise a small archive could unpack to any size.</summary>
internal sealed class BoundedStream(Stream inner, long most) : ReadOnlyStream
{
    private long _read;

    public override int Read(Span<byte> buffer) => Count(inner.Read(buffer));

    public override int Read(byte[] buffer, int offset, int count) => Count(inner.Read(buffer, offset, count));

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        Count(await inner.ReadAsync(buffer, cancellationToken));

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            inner.Dispose();
        }

        base.Dispose(disposing);
    }

    private int Count(int read)
    {
        _read += read;
        return _read <= most ? read : throw new InvalidDataException($"more than {most} bytes");
    }
}
