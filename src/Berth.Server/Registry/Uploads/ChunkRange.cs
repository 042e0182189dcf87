using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Berth.Server.Registry.Uploads;

/// <summary>
/// The <c>Content-Range</c> of a chunk: <c>START-END</c>, both inclusive (distribution-spec, "Pushing a blob in chunks"). HTTP's own form
/// <c>bytes START-END/TOTAL</c> is understood too.
/// </summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct ChunkRange(long Start, long End)
{
    public long Length => End - Start + 1;

    public static bool TryParse([NotNullWhen(true)] string? text, out ChunkRange range)
    {
        range = default;
        var span = text.AsSpan().Trim();
        if (span.StartsWith("bytes ", StringComparison.OrdinalIgnoreCase) || span.StartsWith("bytes=", StringComparison.OrdinalIgnoreCase))
        {
            span = span[6..];
        }

        var slash = span.IndexOf('/');
        span = slash >= 0 ? span[..slash] : span;
        var dash = span.IndexOf('-');
        if (dash <= 0
            || !long.TryParse(span[..dash], NumberStyles.None, CultureInfo.InvariantCulture, out var start)
            || !long.TryParse(span[(dash + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var end)
            || end < start || end == long.MaxValue)
        {
            return false;
        }

        range = new ChunkRange(start, end);
        return true;
    }
}
