using Microsoft.Extensions.Primitives;

namespace Berth.Server.Http;

/// <summary>Comparison of entity tags (RFC 9110 section 8.8.3.2).</summary>
internal static class EntityTags
{
    /// <summary>Whether <c>If-None-Match</c> says that the client has it already. Weak, as section 13.1.2 asks.</summary>
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

    /// <summary><c>If-Range</c> (section 13.1.5): without it, or with this tag, a range may be served; else the whole is.</summary>
    public static bool RangeHolds(StringValues ifRange, StringValues etag) => ifRange.Count == 0 || ifRange.ToString() == etag.ToString();

    private static ReadOnlySpan<char> Opaque(ReadOnlySpan<char> tag) => tag.StartsWith("W/") ? tag[2..] : tag;
}
