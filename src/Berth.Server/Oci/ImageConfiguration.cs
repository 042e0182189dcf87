using System.Text.Json;
using Berth.Server.Json;

namespace Berth.Server.Oci;

/// <summary>
/// An image's configuration, as far as Berth looks at it (image-spec, config.md). It may be anything; what is not there is null.
/// </summary>
internal sealed record ImageConfiguration(Platform? Platform, string? Source)
{
    private static readonly JsonDocumentOptions Options = new() { MaxDepth = 64 };

    /// <summary>Null for what is no JSON.</summary>
    public static ImageConfiguration? Read(ReadOnlyMemory<byte> content)
    {
        try
        {
            using var document = OutsideJson.Parse(content, Options);
            var root = document.RootElement;
            var source = root.ObjectOf("config").ObjectOf("Labels").TextOf(ManifestReader.SourceAnnotation);
            return new ImageConfiguration(Platform.Of(root), string.IsNullOrEmpty(source) ? null : source);
        }
        catch (OutsideJsonException)
        {
            return null;
        }
    }
}
