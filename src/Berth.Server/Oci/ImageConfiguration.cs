using System.Text.Json;
using Berth.Server.Json;

namespace Berth.Server.Oci;

/// <summary>
/// The parts of an image's configuration that Berth uses (image-spec, config.md). It may contain anything. What is missing is null.
/// </summary>
internal sealed record ImageConfiguration(Platform? Platform, string? Source)
{
    private static readonly JsonDocumentOptions Options = new() { MaxDepth = 64 };

    /// <summary>Null when the content is not JSON.</summary>
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
