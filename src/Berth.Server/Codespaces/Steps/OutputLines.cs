using System.Text;

namespace Berth.Server.Codespaces.Steps;

/// <summary>Splits what a process prints into lines. Output and errors are split separately.</summary>
internal sealed class OutputLines(Action<string> write)
{
    /// <summary>A longer line is split into several.</summary>
    private const int LongestLine = 8 * 1024;

    private readonly Dictionary<byte, Started> _started = [];

    private sealed class Started
    {
        public Decoder Decoder { get; } = Encoding.UTF8.GetDecoder();

        public StringBuilder Line { get; } = new();
    }

    public void Add(byte stream, ReadOnlySpan<byte> piece)
    {
        if (!_started.TryGetValue(stream, out var started))
        {
            _started[stream] = started = new Started();
        }

        var text = new char[Encoding.UTF8.GetMaxCharCount(piece.Length)];
        var length = started.Decoder.GetChars(piece, text, flush: false);
        foreach (var character in text.AsSpan(0, length))
        {
            if (character is '\n' or '\r')
            {
                Flush(started);
            }
            else if (started.Line.Append(character).Length >= LongestLine)
            {
                Flush(started);
            }
        }
    }

    /// <summary>Writes the last text, which has no end of line.</summary>
    public void End()
    {
        foreach (var started in _started.Values)
        {
            Flush(started);
        }
    }

    private void Flush(Started started)
    {
        var line = started.Line.ToString().TrimEnd();
        started.Line.Clear();
        if (line.Length > 0)
        {
            write(line);
        }
    }
}
