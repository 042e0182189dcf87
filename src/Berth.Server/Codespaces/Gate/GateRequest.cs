using System.Globalization;
using System.Text;

namespace Berth.Server.Codespaces.Gate;

/// <summary>What the gate answers instead of the engine: a status and a reason in words.</summary>
internal sealed class GateRefusedException(int status, string reason) : Exception(reason)
{
    public int Status { get; } = status;
}

/// <summary>
/// One request to the gate, read strictly: whatever two readers might understand differently (encoded or doubled slashes, absolute URIs,
/// repeated headers or parameters, two lengths) is refused here, before any rule looks at it.
/// </summary>
/// <param name="Path">Without the version: <c>/containers/create</c>.</param>
/// <param name="Upgrade">The client asks for the raw stream (<c>Upgrade: tcp</c>).</param>
/// <param name="Surplus">Bytes that came after the body: the beginning of the raw stream.</param>
internal sealed record GateRequest(
    string Method, string Path, IReadOnlyDictionary<string, string> Query, bool Upgrade, byte[] Body, byte[] Surplus)
{
    public const int MaxHeadBytes = 16 * 1024;
    public const int MaxBodyBytes = 1024 * 1024;

    /// <returns>Null when the connection ended before a request began.</returns>
    /// <exception cref="GateRefusedException">The request is malformed, ambiguous or too large.</exception>
    public static async Task<GateRequest?> ReadAsync(Stream stream, CancellationToken cancellationToken)
    {
        var reader = new GateReader(stream);
        if (await reader.ReadHeadAsync(MaxHeadBytes, cancellationToken) is not { } head)
        {
            return null;
        }

        var lines = head.Split("\r\n");
        var (method, target) = RequestLine(lines[0]);
        var headers = Headers(lines.AsSpan(1));
        var (path, query) = Target(target);
        var body = await BodyAsync(reader, headers, cancellationToken);
        return new GateRequest(method, path, query, WantsUpgrade(headers), body, reader.Rest());
    }

    private static (string Method, string Target) RequestLine(string line)
    {
        var parts = line.Split(' ');
        if (parts.Length != 3 || parts[2] != "HTTP/1.1")
        {
            throw new GateRefusedException(400, "not an HTTP/1.1 request line");
        }

        return parts[0] is "GET" or "HEAD" or "POST" or "PUT" or "DELETE"
            ? (parts[0], parts[1])
            : throw new GateRefusedException(400, "the method is not one of the engine's");
    }

    private static Dictionary<string, string> Headers(ReadOnlySpan<string> lines)
    {
        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var line in lines)
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon <= 0 || line.AsSpan(0, colon).ContainsAnyExcept(HttpToken) || line.AsSpan(colon).ContainsAnyInRange('\0', '\x1f'))
            {
                throw new GateRefusedException(400, "malformed header line");
            }

            if (!headers.TryAdd(line[..colon], line[(colon + 1)..].Trim(' ')))
            {
                throw new GateRefusedException(400, $"the header {line[..colon]} is repeated");
            }
        }

        return headers.ContainsKey("Expect") ? throw new GateRefusedException(417, "Expect is not supported") : headers;
    }

    private static readonly System.Buffers.SearchValues<char> HttpToken =
        System.Buffers.SearchValues.Create("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    private static readonly System.Buffers.SearchValues<char> PathCharacters =
        System.Buffers.SearchValues.Create("/-._~:@0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    private static (string Path, IReadOnlyDictionary<string, string> Query) Target(string target)
    {
        var question = target.IndexOf('?', StringComparison.Ordinal);
        var path = question < 0 ? target : target[..question];
        if (!path.StartsWith('/') || path.AsSpan().ContainsAnyExcept(PathCharacters)
            || path.Contains("//", StringComparison.Ordinal) || path.Split('/').Any(segment => segment is "." or ".."))
        {
            throw new GateRefusedException(400, "the path must be absolute and plain: no encoding, no empty or dot segments");
        }

        return (Unversioned(path), question < 0 ? new Dictionary<string, string>() : Parameters(target[(question + 1)..]));
    }

    /// <summary>
    /// Takes <c>/v1.41</c> off. Which version a client writes does not matter, since requests to the engine are written anew in the version
    /// that Berth speaks; before 1.24 a start took a body, and nothing that old is in use.
    /// </summary>
    private static string Unversioned(string path)
    {
        if (!path.StartsWith("/v", StringComparison.Ordinal) || path.Length < 3 || !char.IsAsciiDigit(path[2]))
        {
            return path;
        }

        var end = path.IndexOf('/', 1);
        var version = path.AsSpan(2, (end < 0 ? path.Length : end) - 2);
        return end > 0
            && version.StartsWith("1.")
            && int.TryParse(version[2..], NumberStyles.None, CultureInfo.InvariantCulture, out var minor)
            && minor is >= 24 and < 100
            ? path[end..]
            : throw new GateRefusedException(400, "the API version is not supported");
    }

    private static Dictionary<string, string> Parameters(string query)
    {
        var parameters = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var pair in query.Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            // A semicolon separated parameters once, and some readers still think so.
            if (pair.Contains(';', StringComparison.Ordinal))
            {
                throw new GateRefusedException(400, "a parameter contains a semicolon");
            }

            var equals = pair.IndexOf('=', StringComparison.Ordinal);
            var name = Decode(equals < 0 ? pair : pair[..equals]);
            if (!parameters.TryAdd(name, equals < 0 ? "" : Decode(pair[(equals + 1)..])))
            {
                throw new GateRefusedException(400, $"the parameter {name} is repeated");
            }
        }

        return parameters;
    }

    private static string Decode(string text)
    {
        var decoded = Uri.UnescapeDataString(text.Replace('+', ' '));
        return decoded.Any(char.IsControl) ? throw new GateRefusedException(400, "a parameter contains control characters") : decoded;
    }

    private static async Task<byte[]> BodyAsync(GateReader reader, Dictionary<string, string> headers, CancellationToken cancellationToken)
    {
        var length = headers.GetValueOrDefault("Content-Length");
        if (headers.TryGetValue("Transfer-Encoding", out var encoding))
        {
            return length is not null || !encoding.Equals("chunked", StringComparison.OrdinalIgnoreCase)
                ? throw new GateRefusedException(400, "a body has one length: Content-Length, or Transfer-Encoding: chunked")
                : await reader.ReadChunkedAsync(MaxBodyBytes, cancellationToken);
        }

        if (length is null)
        {
            return [];
        }

        if (!int.TryParse(length, NumberStyles.None, CultureInfo.InvariantCulture, out var bytes))
        {
            throw new GateRefusedException(400, "Content-Length is not a length that is accepted");
        }

        return bytes > MaxBodyBytes
            ? throw new GateRefusedException(413, "the body is too large")
            : await reader.ReadExactlyAsync(bytes, cancellationToken);
    }

    private static bool WantsUpgrade(Dictionary<string, string> headers)
    {
        if (!headers.TryGetValue("Upgrade", out var protocol))
        {
            return false;
        }

        return protocol.Equals("tcp", StringComparison.OrdinalIgnoreCase)
            && headers.GetValueOrDefault("Connection", "")
                .Split(',')
                .Any(option => option.Trim().Equals("upgrade", StringComparison.OrdinalIgnoreCase))
            ? true
            : throw new GateRefusedException(400, "only 'Connection: Upgrade' to tcp is supported");
    }
}

/// <summary>Reads heads, bodies and chunks from a connection, each within a limit, and keeps what came after them.</summary>
internal sealed class GateReader(Stream stream)
{
    private readonly byte[] _buffer = new byte[GateRequest.MaxHeadBytes];
    private int _start;
    private int _end;

    /// <summary>Up to the empty line, without it. Null when nothing came at all.</summary>
    public async Task<string?> ReadHeadAsync(int limit, CancellationToken cancellationToken)
    {
        var head = new StringBuilder();
        while (await ReadLineAsync(limit, cancellationToken) is { } line)
        {
            if (line.Length == 0)
            {
                return head.Length > 2 ? head.ToString(0, head.Length - 2) : throw new GateRefusedException(400, "an empty request");
            }

            head.Append(line).Append("\r\n");
            if (head.Length > limit)
            {
                throw new GateRefusedException(431, "the request's head is too large");
            }
        }

        return head.Length == 0 ? null : throw new GateRefusedException(400, "the request ends in its head");
    }

    public async Task<byte[]> ReadExactlyAsync(int count, CancellationToken cancellationToken)
    {
        var bytes = new byte[count];
        var done = 0;
        while (done < count)
        {
            if (_start == _end && !await FillAsync(cancellationToken))
            {
                throw new GateRefusedException(400, "the request ends in its body");
            }

            var take = Math.Min(count - done, _end - _start);
            _buffer.AsSpan(_start, take).CopyTo(bytes.AsSpan(done));
            _start += take;
            done += take;
        }

        return bytes;
    }

    /// <summary>RFC 9112 section 7.1, without extensions and trailers, which no client of the engine sends.</summary>
    public async Task<byte[]> ReadChunkedAsync(int limit, CancellationToken cancellationToken)
    {
        using var body = new MemoryStream();
        while (true)
        {
            var line = await ReadLineAsync(64, cancellationToken) ?? throw new GateRefusedException(400, "the request ends in its body");
            if (line.Length is 0 or > 8
                || !int.TryParse(line, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var size)
                || size < 0)
            {
                throw new GateRefusedException(400, "malformed chunk");
            }

            if (body.Length + size > limit)
            {
                throw new GateRefusedException(413, "the body is too large");
            }

            body.Write(await ReadExactlyAsync(size, cancellationToken));
            if (await ReadLineAsync(64, cancellationToken) is not { Length: 0 })
            {
                throw new GateRefusedException(400, "malformed chunk");
            }

            if (size == 0)
            {
                return body.ToArray();
            }
        }
    }

    public byte[] Rest() => _buffer[_start.._end];

    /// <summary>Lines end with CR LF; a lone CR or LF is what smuggled requests are made of.</summary>
    private async Task<string?> ReadLineAsync(int limit, CancellationToken cancellationToken)
    {
        var line = new StringBuilder();
        while (_start < _end || await FillAsync(cancellationToken))
        {
            var c = _buffer[_start++];
            if (line.Length > 0 && line[^1] == '\r')
            {
                return c == '\n' ? line.ToString(0, line.Length - 1) : throw new GateRefusedException(400, "a lone carriage return");
            }

            if (c is (byte)'\n' or > 0x7e)
            {
                throw new GateRefusedException(400, "the request's head is not plain ASCII with CR LF line ends");
            }

            line.Append((char)c);
            if (line.Length > limit)
            {
                throw new GateRefusedException(431, "the request's head is too large");
            }
        }

        return line.Length == 0 ? null : throw new GateRefusedException(400, "the request ends in a line");
    }

    private async Task<bool> FillAsync(CancellationToken cancellationToken)
    {
        _start = 0;
        _end = await stream.ReadAsync(_buffer, cancellationToken);
        return _end > 0;
    }
}
