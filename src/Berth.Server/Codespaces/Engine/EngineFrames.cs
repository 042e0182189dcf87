using System.Buffers;
using System.Buffers.Binary;

namespace Berth.Server.Codespaces.Engine;

/// <summary>
/// The engine's framing of output without a terminal: 8 bytes (stream 1 or 2, three zeros, length in big endian), then the payload
/// (Engine API, "Attach to a container", stream format).
/// </summary>
internal static class EngineFrames
{
    public const int HeaderBytes = 8;

    /// <param name="write">Gets the stream's number (1: output, 2: errors) and a piece of it, valid until it returns.</param>
    public static async Task ReadAsync(Stream source, Func<byte, ReadOnlyMemory<byte>, Task> write, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(64 * 1024);
        try
        {
            while (await source.ReadAtLeastAsync(
                buffer.AsMemory(0, HeaderBytes), HeaderBytes, throwOnEndOfStream: false, cancellationToken) == HeaderBytes)
            {
                var stream = buffer[0];
                var left = BinaryPrimitives.ReadUInt32BigEndian(buffer.AsSpan(4));
                while (left > 0)
                {
                    var read = await source.ReadAsync(buffer.AsMemory(0, (int)Math.Min((uint)buffer.Length, left)), cancellationToken);
                    if (read == 0)
                    {
                        return;
                    }

                    await write(stream, buffer.AsMemory(0, read));
                    left -= (uint)read;
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
