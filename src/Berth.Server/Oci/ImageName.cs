using Berth.Server.Access;

namespace Berth.Server.Oci;

/// <summary>
/// <c>owner/image[/more…]</c>: the first segment is the account, all of the rest the package. Grammar and the limit of 255
/// characters: distribution-spec, "Pulling manifests".
/// </summary>
internal sealed record ImageName
{
    private ImageName(string value, int slash)
    {
        Value = value;
        Owner = value[..slash];
        Address = new PackageAddress(Owner, PackageAddress.Container, value[(slash + 1)..]);
    }

    public string Value { get; }

    public string Owner { get; }

    public PackageAddress Address { get; }

    /// <summary>False for names outside the grammar and for names without a slash: every image has an owner here.</summary>
    public static bool TryParse(string? text, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out ImageName? name)
    {
        name = null;
        if (text is null || !PackageNames.IsContainer(text))
        {
            return false;
        }

        var slash = text.IndexOf('/', StringComparison.Ordinal);
        if (slash < 0)
        {
            return false;
        }

        name = new ImageName(text, slash);
        return true;
    }

    public override string ToString() => Value;
}
