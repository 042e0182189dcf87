using System.Diagnostics.CodeAnalysis;

namespace Berth.Server.Oci;

/// <summary>
/// The name of an image in Berth's own registry, <c>owner/image[/more…]</c>. The first segment is the account, and the rest is the package.
/// </summary>
internal sealed record ImageName
{
    private ImageName(string value, int slash)
    {
        Value = value;
        Owner = value[..slash];
        Package = value[(slash + 1)..];
    }

    public string Value { get; }

    public string Owner { get; }

    public string Package { get; }

    /// <summary>Returns false for what is not a path, and for paths without a slash, since every image here has an owner.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, [NotNullWhen(true)] out ImageName? name)
    {
        name = ImagePath.TryParse(text, out var path) ? Of(path) : null;
        return name is not null;
    }

    /// <summary>Null for a path without an owner.</summary>
    public static ImageName? Of(ImagePath path) =>
        path.Value.IndexOf('/', StringComparison.Ordinal) is var slash and > 0 ? new ImageName(path.Value, slash) : null;

    public override string ToString() => Value;
}
