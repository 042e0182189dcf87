using System.Globalization;

namespace Berth.Server.Http;

/// <summary>
/// One byte range of known content. Several ranges, other units and malformed ones are ignored, as RFC 9110 section 14.2 allows.
/// </summary>
internal readonly record struct ByteRange(bool Satisfiable, long From, long Length)
{
    /// <summary>Null: serve the whole content.</summary>
    public static ByteRange? Parse(string header, long size)
    {
        if (!header.StartsWith("bytes=", StringComparison.OrdinalIgnoreCase) || header.Contains(',', StringComparison.Ordinal))
        {
            return null;
        }

        var text = header.AsSpan(6).Trim();
        var dash = text.IndexOf('-');
        if (dash < 0)
        {
            return null;
        }

        if (dash == 0)
        {
            return Number(text[1..]) is { } last ? Suffix(last, size) : null;
        }

        if (Number(text[..dash]) is not { } from)
        {
            return null;
        }

        var until = size - 1;
        if (text.Length > dash + 1)
        {
            if (Number(text[(dash + 1)..]) is not { } end)
            {
                return null;
            }

            if (end < from)
            {
                // RFC 9110 section 15.5.17. An empty range is refused rather than ignored, so that the client does not get the whole
                // content for it.
                return new ByteRange(Satisfiable: false, 0, 0);
            }

            until = Math.Min(end, until);
        }

        return from >= size ? new ByteRange(Satisfiable: false, 0, 0) : new ByteRange(Satisfiable: true, from, until - from + 1);
    }

    private static ByteRange Suffix(long last, long size) =>
        last == 0 || size == 0
            ? new ByteRange(Satisfiable: false, 0, 0)
            : new ByteRange(Satisfiable: true, Math.Max(0, size - last), Math.Min(last, size));

    private static long? Number(ReadOnlySpan<char> text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}
