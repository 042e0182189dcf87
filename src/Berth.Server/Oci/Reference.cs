using System.Diagnostics.CodeAnalysis;

namespace Berth.Server.Oci;

/// <summary>A version of an image: a tag or a digest, as in a manifest's URL.</summary>
internal sealed record Reference
{
    private Reference(Tag? tag, Digest? digest)
    {
        Tag = tag;
        Digest = digest;
    }

    /// <summary>Null for a digest.</summary>
    public Tag? Tag { get; }

    /// <summary>Null for a tag.</summary>
    public Digest? Digest { get; }

    public static Reference Of(Tag tag) => new(tag, null);

    public static Reference Of(Digest digest) => new(null, digest);

    public static bool TryParse([NotNullWhen(true)] string? text, [NotNullWhen(true)] out Reference? reference)
    {
        reference = null;
        if (LooksLikeDigest(text))
        {
            reference = Digest.TryParse(text, out var digest) ? Of(digest) : null;
        }
        else if (Tag.TryParse(text, out var tag))
        {
            reference = Of(tag);
        }

        return reference is not null;
    }

    /// <summary>A text with a colon is meant as a digest, since tags have none.</summary>
    public static bool LooksLikeDigest([NotNullWhen(true)] string? text) =>
        text is not null && text.Contains(':', StringComparison.Ordinal);

    public override string ToString() => Tag?.Value ?? Digest!.Value;
}
