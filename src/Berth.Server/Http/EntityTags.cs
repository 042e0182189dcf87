using Microsoft.Extensions.Primitives;

namespace Berth.Server.Http;

/// <summary>Comparison of entity tags (RFC 9110 section 8.8.3.2).</summary>
internal static class EntityTags
{
    /// <summary>
    /// Whether <c>If-None-Match</c> says that the client has the content already. The comparison is weak, as section 13.1.2 demands.
    /// </summary>
    public static bool NoneMatch(StringValues header, StringValues etag)
    {
        if (header.Count == 0)
        {
            return false;
        }

        var own = Opaque(etag.ToString());
        foreach (var line in header)
        {
            foreach (var part in (line ?? "").Split(','))
            {
                var tag = part.AsSpan().Trim();
                if (tag is "*" || Opaque(tag).SequenceEqual(own))
                {
                    return true;
                }
            }
        }

        return false;
    }

    /// <summary>
    /// Checks <c>If-Range</c> (section 13.1.5). Without it, or if it has this tag, a range may be served. Otherwise the whole content is.
    /// </summary>
    public static bool RangeHolds(StringValues ifRange, StringValues etag) => ifRange.Count == 0 || ifRange.ToString() == etag.ToString();

    private static ReadOnlySpan<char> Opaque(ReadOnlySpan<char> tag) => tag.StartsWith("W/") ? tag[2..] : tag;
}
