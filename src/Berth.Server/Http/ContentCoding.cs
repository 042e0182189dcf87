using System.IO.Compression;
using Microsoft.Extensions.Primitives;

namespace Berth.Server.Http;

/// <summary>Answers that are stored compressed (RFC 9110 section 12.5.3).</summary>
internal static class ContentCoding
{
    public static bool TakesGzip(StringValues acceptEncoding) =>
        acceptEncoding.ToString().Split(',').Any(part => part.Split(';') is [var name, .. var rest]
            && name.Trim() is "gzip" or "*" && !rest.Any(quality => quality.Trim() is "q=0" or "q=0.0" or "q=0.00" or "q=0.000"));

    public static byte[] Gzip(ReadOnlySpan<byte> content)
    {
        using var zipped = new MemoryStream();
        using (var gzip = new GZipStream(zipped, CompressionLevel.Optimal))
        {
            gzip.Write(content);
        }

        return zipped.ToArray();
    }
}
