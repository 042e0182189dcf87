using System.Text;

namespace Berth.Server.Codespaces.Engine;

/// <summary>Reads the head and the body of an answer from a connection that may give up HTTP after it.</summary>
internal sealed class EngineReader(Stream stream)
{
    private const int MostHeadBytes = 16 * 1024;
    private readonly byte[] _buffer = new byte[MostHeadBytes];
    private int _start;
    private int _end;

    /// <summary>Reads the head up to the empty line, without that line.</summary>
    /// <exception cref="EngineException">There is no complete head, or it is too large.</exception>
    public async Task<string> ReadHeadAsync(CancellationToken cancellationToken)
    {
        var head = new StringBuilder();
        while (_start < _end || await FillAsync(cancellationToken))
        {
            head.Append((char)_buffer[_start++]);
            if (head.Length >= 4 && head[^1] == '\n' && head[^2] == '\r' && head[^3] == '\n' && head[^4] == '\r')
            {
                return head.ToString(0, head.Length - 4);
            }

            if (head.Length > MostHeadBytes)
            {
                throw new EngineException(502, "the head of the engine's answer is too large");
            }
        }

        throw new EngineException(502, "the engine's answer ends in its head");
    }

    /// <summary>Reads as many bytes as come, up to a number.</summary>
    public async Task<byte[]> ReadAsync(int count, CancellationToken cancellationToken)
    {
        using var bytes = new MemoryStream();
        while (bytes.Length < count && (_start < _end || await FillAsync(cancellationToken)))
        {
            var take = Math.Min(count - (int)bytes.Length, _end - _start);
            bytes.Write(_buffer, _start, take);
            _start += take;
        }

        return bytes.ToArray();
    }

    /// <summary>The bytes that were read but come after the head.</summary>
    public byte[] Rest() => _buffer[_start.._end];

    private async Task<bool> FillAsync(CancellationToken cancellationToken)
    {
        _start = 0;
        _end = await stream.ReadAsync(_buffer, cancellationToken);
        return _end > 0;
    }
}
