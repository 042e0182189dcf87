using System.Diagnostics.CodeAnalysis;

namespace Berth.Server.Oci;

/// <summary>
/// The name of an image of Berth's own registry, <c>owner/image[/more…]</c>: a path whose first segment is the account, and all of the rest
/// the package.
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

    /// <summary>False for what is no path, and for paths without a slash: every image has an owner here.</summary>
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
