using System.Buffers;
using System.Buffers.Text;
using Berth.Server.Http;

namespace Berth.Server.Npm.Publishing;

/// <summary>
/// The body of a publish request: one JSON document that contains the tarball as base64. Tarballs are decoded as they arrive and never held
/// in memory. Everything else is kept, with an empty string in their place, and is parsed strictly when the body has ended. While bytes
/// arrive, this class only has to find <c>_attachments.NAME.tgz.data</c>. The strict parse reports everything that is wrong with the rest.
/// </summary>
internal sealed class PublishBody(Stream body, int mostDocument) : IDisposable
{
    private const int DeepestName = 3;
    private const int LongestName = 1024;
    private const int Letters = 64 * 1024;
    private const string NotBase64 = "the tarball is not base64";
    private static readonly SearchValues<byte> EndOrEscape = SearchValues.Create("\"\\"u8);

    private readonly byte[] _buffer = ArrayPool<byte>.Shared.Rent(64 * 1024);
    private readonly MemoryStream _document = new();
    private readonly Stack<bool> _objects = new();
    private readonly string[] _names = new string[DeepestName + 1];
    private readonly byte[] _letters = ArrayPool<byte>.Shared.Rent(Letters);
    private ReadOnlyMemory<byte> _decoded;
    private bool _inTarball;
    private bool _padded;
    private int _from;
    private int _to;
    private bool _expectsName;

    /// <summary>
    /// Everything except the tarballs. It is complete when <see cref="NextTarballAsync"/> has returned null, and remains after this is
    /// disposed.
    /// </summary>
    public ReadOnlyMemory<byte> Document => _document.GetBuffer().AsMemory(0, (int)_document.Length);

    /// <summary>
    /// Reads until a tarball begins and returns the name of its file. Returns null at the end. <see cref="ReadTarballAsync"/> then returns
    /// its content until it returns 0.
    /// </summary>
    /// <exception cref="ApiException">413: the document without its tarball is too large.</exception>
    public async Task<string?> NextTarballAsync(CancellationToken cancellationToken)
    {
        while (await FillAsync(cancellationToken))
        {
            var here = _buffer[_from++];
            Keep(here);
            switch (here)
            {
                case (byte)'{' or (byte)'[':
                    _objects.Push(here == (byte)'{');
                    _expectsName = here == (byte)'{';
                    Demand(_objects.Count <= NpmGrammar.Deepest, "the document is nested too deeply");
                    break;
                case (byte)'}' or (byte)']':
                    _objects.TryPop(out _);
                    _expectsName = false;
                    break;
                case (byte)',':
                    _expectsName = _objects.TryPeek(out var inObject) && inObject;
                    break;
                case (byte)':':
                    _expectsName = false;
                    break;
                case (byte)'"' when _expectsName:
                    await ReadNameAsync(cancellationToken);
                    break;
                case (byte)'"' when IsTarball():
                    Keep((byte)'"');
                    _inTarball = true;
                    return _names[2];
                case (byte)'"':
                    await SkipStringAsync(cancellationToken);
                    break;
                default:
                    break;
            }
        }

        return null;
    }

    /// <summary>Returns some bytes of the tarball. Returns 0 at its end, however often it is called.</summary>
    /// <exception cref="ApiException">400: it is not base64, or the body ends within it.</exception>
    public async ValueTask<int> ReadTarballAsync(Memory<byte> target, CancellationToken cancellationToken)
    {
        if (_decoded.IsEmpty && _inTarball)
        {
            await DecodeAsync(cancellationToken);
        }

        var length = Math.Min(target.Length, _decoded.Length);
        _decoded[..length].CopyTo(target);
        _decoded = _decoded[length..];
        return length;
    }

    /// <summary>In base64 four letters stand for three bytes. They may be spread over two reads.</summary>
    private async Task DecodeAsync(CancellationToken cancellationToken)
    {
        var count = 0;
        while (count < Letters && await FillAsync(cancellationToken) && _buffer[_from] != (byte)'"')
        {
            count += TakeLetters(_letters.AsSpan(count, Letters - count));
            if (count < Letters && _from < _to && _buffer[_from] == (byte)'\\')
            {
                _from++;
                _letters[count++] = await EscapedAsync(cancellationToken);
            }
        }

        if (count < Letters)
        {
            Demand(_from < _to, "the body ends within the tarball");
        }

        if (count == 0)
        {
            _from++;
            (_inTarball, _padded) = (false, false);
            return;
        }

        // Decode into the same memory, since the result is shorter than the letters.
        var status = Base64.DecodeFromUtf8InPlace(_letters.AsSpan(0, count), out var written);
        Demand(status == OperationStatus.Done && !_padded, NotBase64);
        _padded = written < count / 4 * 3;
        _decoded = _letters.AsMemory(0, written);
    }

    public void Dispose()
    {
        _document.Dispose();
        ArrayPool<byte>.Shared.Return(_buffer);
        ArrayPool<byte>.Shared.Return(_letters);
    }

    private bool IsTarball() =>
        _objects.Count == DeepestName && _names is [_, "_attachments", var file, "data"]
            && file.EndsWith(".tgz", StringComparison.Ordinal);

    private async Task ReadNameAsync(CancellationToken cancellationToken)
    {
        var begin = _document.Length;
        await SkipStringAsync(cancellationToken);
        var length = (int)(_document.Length - begin) - 1;
        if (_objects.Count <= DeepestName)
        {
            // A name with an escape in it is none of those that are searched for.
            _names[_objects.Count] = length is > 0 and <= LongestName
                ? System.Text.Encoding.UTF8.GetString(_document.GetBuffer(), (int)begin, length) : "";
        }
    }

    /// <summary>Skips to the quotation mark that ends the string, inclusive.</summary>
    private async Task SkipStringAsync(CancellationToken cancellationToken)
    {
        while (await FillAsync(cancellationToken))
        {
            var rest = _buffer.AsSpan(_from.._to);
            var at = rest.IndexOfAny(EndOrEscape);
            var length = at < 0 ? rest.Length : at + 1;
            Keep(rest[..length]);
            _from += length;
            if (at >= 0 && rest[at] == (byte)'"')
            {
                return;
            }

            if (at >= 0 && await FillAsync(cancellationToken))
            {
                Keep(_buffer[_from++]);
            }
        }
    }

    private int TakeLetters(Span<byte> letters)
    {
        var rest = _buffer.AsSpan(_from.._to);
        rest = rest[..Math.Min(rest.Length, letters.Length)];
        var at = rest.IndexOfAny(EndOrEscape);
        rest = at < 0 ? rest : rest[..at];
        rest.CopyTo(letters);
        _from += rest.Length;
        return rest.Length;
    }

    /// <summary>Reads one character that JSON writes with a backslash: <c>\/</c>, or as a number.</summary>
    private async Task<byte> EscapedAsync(CancellationToken cancellationToken)
    {
        Demand(await FillAsync(cancellationToken), NotBase64);
        var kind = _buffer[_from++];
        var value = (int)kind;
        for (var digit = 0; kind == (byte)'u' && digit < 4; digit++)
        {
            Demand(await FillAsync(cancellationToken) && char.IsAsciiHexDigit((char)_buffer[_from]), NotBase64);
            value = ((digit == 0 ? 0 : value) << 4) | Convert.ToInt32(((char)_buffer[_from++]).ToString(), 16);
        }

        Demand(kind is (byte)'u' or (byte)'/' && value is > 0x20 and < 0x7f, NotBase64);
        return (byte)value;
    }

    private async ValueTask<bool> FillAsync(CancellationToken cancellationToken)
    {
        if (_from < _to)
        {
            return true;
        }

        (_from, _to) = (0, await body.ReadAsync(_buffer, cancellationToken));
        return _to > 0;
    }

    private void Keep(byte one)
    {
        DemandRoom(1);
        _document.WriteByte(one);
    }

    private void Keep(ReadOnlySpan<byte> some)
    {
        DemandRoom(some.Length);
        _document.Write(some);
    }

    private void DemandRoom(int more)
    {
        if (_document.Length + more > mostDocument)
        {
            throw new ApiException(NpmErrors.TooLarge($"the document without its tarball has more than {mostDocument} bytes"));
        }
    }

    private static void Demand(bool holds, string otherwise)
    {
        if (!holds)
        {
            throw new ApiException(NpmErrors.Bad(otherwise));
        }
    }
}
